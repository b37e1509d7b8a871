//! A handler without sessions: the limit.

use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use peers::{Arguments, State, serve, write_cookies};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let cookies = (0..arguments.sessions).map(|number| format!("session={number:043}"));
    write_cookies(&arguments.cookies, cookies)?;
    let state = State::of(0);
    serve(Router::new().route("/state", get(async move || Json(state.clone())))).await
}
