//! An administrator with a browser.

use anyhow::{Context as _, ensure};
use reqwest::header::SET_COOKIE;
use serde_json::{Value, json};

use crate::installation::{PASSWORD, username};
use crate::server::{Server, client};

pub struct Administrator {
    http: reqwest::Client,
    site: String,
    cookie: String,
    csrf_token: String,
}

impl Administrator {
    /// Signs the administrator of a filled installation in.
    pub async fn sign_in(server: &Server) -> anyhow::Result<Self> {
        let (http, site) = (client()?, server.url.clone());
        let form = json!({ "username": username(1), "password": PASSWORD });
        let request = http.post(format!("{site}/api/login")).header("origin", &site).json(&form);
        let answer = request.send().await?.error_for_status()?;
        let cookie = answer.headers().get(SET_COOKIE).context("no cookie is set")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let state: Value = answer.json().await?;
        let csrf_token = state["csrf_token"].as_str().context("no token is given")?.to_owned();
        Ok(Self { http, site, cookie, csrf_token })
    }

    /// Has something done, and answers what it says when it is done.
    pub async fn post(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}{path}", self.site));
        let request = request.header("origin", &self.site).header("cookie", &self.cookie);
        let answer = request.header("x-csrf-token", &self.csrf_token).send().await?;
        let status = answer.status();
        let said = answer.text().await?;
        ensure!(status == 200, "{path}: {status}: {said}");
        Ok(serde_json::from_str(&said)?)
    }
}
