//! Secrets in the wrong places, and a database that fails.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, REFERER};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Campaign;
use super::search::Place;
use super::visitor::Visitor;

/// Puts secrets where they do not belong.
pub(super) async fn misplace(campaign: &Campaign, ada: &mut Visitor, password: &str) {
    let token = ada.token.clone().unwrap();
    let secret = url::form_urlencoded::byte_serialize(password.as_bytes()).collect::<String>();
    let mut nobody = ada.signed_out();
    for value in [&token, &secret] {
        for path in [
            format!("/api/session/state?session_id={value}"),
            format!("/api/admin/sessions?user={value}&cursor={value}"),
            format!("/api/admin/audit?kind={value}&limit={value}"),
            format!("/api/sessions/{value}"),
            format!("/api/platforms/{value}"),
            format!("/api/{value}"),
            format!("/assets/{value}"),
            format!("/{value}"),
            format!("/api/session/data/{value}"),
            format!("/account/security?before=1&session_id={value}"),
            format!("/login?next=/account?session_id={value}"),
            format!("/account/sessions?session_id={value}"),
            format!("/?__Host-session_id={value}"),
            format!("/login?reason={value}&session_id={value}"),
        ] {
            for visitor in [&mut *ada, &mut nobody] {
                visitor.get(&path).await;
                visitor.page(&path).await;
                visitor.send(visitor.ask(Method::DELETE, &path)).await;
                visitor.send(visitor.ask(Method::PUT, &path).body("x")).await;
            }
        }
    }
    for body in [
        format!("{{\"username\": \"ada\", \"password\": \"{token}\""),
        format!("{token} {password}"),
        json!([token, password]).to_string(),
        json!({"password": {"a": password}, "username": token}).to_string(),
    ] {
        let form = ada.ask(Method::POST, "/login").header(CONTENT_TYPE, "multipart/form-data");
        ada.send(form.body(body.clone())).await;
        for path in ["/api/login", "/api/session/reauthenticate", "/api/session/platform"] {
            assert!((400..500).contains(&ada.post_raw(path, body.clone()).await), "{path}");
        }
    }
    let url = format!("http://127.0.0.1/account?session_id={token}");
    let request = nobody.ask(Method::GET, "/account/sessions").header(ACCEPT, "text/html");
    let request = request.header(REFERER, url).header("x-session-token", &token);
    let request = request.header("x-forwarded-for", &token).header("x-forwarded-host", &token);
    nobody.send(request.header(AUTHORIZATION, format!("Bearer {token}"))).await;
    for cookie in [format!("session_id={token}x"), format!("session_id=\"{token}; {token}")] {
        nobody.send(nobody.ask(Method::GET, "/").header(COOKIE, cookie)).await;
    }
    let forged = ada.ask(Method::POST, "/api/logout").header("origin", "https://evil.example");
    ada.send(forged.header("x-csrf-token", &token)).await;
    broken(campaign, ada, &token).await;
}

/// Requests that are no HTTP, over a socket.
async fn broken(campaign: &Campaign, ada: &Visitor, token: &str) {
    for request in [
        format!("GET / HTTP/1.1\r\nCookie session_id={token}\r\n\r\n"),
        format!("GET /{token}\u{1} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("{token}\r\n\r\n"),
    ] {
        let mut socket = tokio::net::TcpStream::connect(ada.address()).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        campaign.search.borrow_mut().piece(Place::Body, "no HTTP", answer);
    }
}

/// A database that fails, and rows that cannot be read.
pub(super) async fn fail(campaign: &Campaign, ada: &mut Visitor, password: &str) {
    let login = json!({"username": "ada", "password": password});
    let change = json!({"current_password": password, "new_password": password});
    let base = &campaign.base;
    base.execute("ALTER TABLE session_tokens RENAME TO away").await;
    for path in ["/api/login", "/api/account/password", "/api/session/heartbeat"] {
        assert_eq!(ada.post(path, login.clone()).await, 503, "{path}");
    }
    assert_eq!(ada.page("/account/sessions?session_id=x").await, 503);
    base.execute("ALTER TABLE away RENAME TO session_tokens").await;
    base.refuse_tokens().await;
    let mut nobody = ada.signed_out();
    assert_eq!(nobody.post("/api/login", login.clone()).await, 503);
    assert_eq!(nobody.post("/api/account/password", change).await, 401);
    base.take_tokens().await;
    let hash = campaign.secret("a hash that is none");
    let quoted = hash.replace('\'', "''");
    let sql = format!("UPDATE users SET password_hash = '{quoted}' WHERE username = 'eve'");
    base.execute(&sql).await;
    campaign.search.borrow_mut().allow("a hash that is none", &[Place::Files]);
    let eve = json!({"username": "eve", "password": campaign.secret("eve's password")});
    assert!(nobody.post("/api/login", eve.clone()).await >= 400);
    base.damage_role("eve").await;
    assert_eq!(nobody.post("/api/login", eve).await, 503);
    assert_eq!(ada.get("/api/admin/users").await, 503);
    assert_eq!(campaign.run(&["user", "list"], ""), Some(1));
    let repair = "UPDATE users SET role = 'viewer', password_hash = NULL WHERE username = 'eve';
                  UPDATE platform_connections SET credentials_key_id = 'x' WHERE id = 3";
    base.execute(repair).await;
    assert_eq!(campaign.run(&["platform", "reseal", "--json"], ""), Some(1));
    assert_eq!(campaign.run(&["doctor", "--json"], ""), Some(1));
    let forget = "UPDATE platform_connections SET credentials = NULL, credentials_key_id = NULL \
                  WHERE id = 3";
    base.execute(forget).await;
}
