use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sessrum_core::Client;

/// What a request tells of its sender. The address is the peer's, which a router knows when it is
/// served with [`into_make_service_with_connect_info`]; forwarding headers are not believed.
///
/// [`into_make_service_with_connect_info`]: axum::Router::into_make_service_with_connect_info
#[must_use]
pub fn client_of(parts: &Parts) -> Client {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let languages = text(&parts.headers, header::ACCEPT_LANGUAGE.as_str());
    Client {
        ip_address: peer.map(|ConnectInfo(peer)| peer.ip().to_canonical()),
        user_agent: text(&parts.headers, header::USER_AGENT.as_str()),
        language: languages
            .as_deref()
            .and_then(|list| list.split([',', ';']).next())
            .map(|first| first.trim().to_ascii_lowercase().into()),
        platform_hint: text(&parts.headers, "sec-ch-ua-platform"),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<Box<str>> {
    headers.get(name).map(|value| Client::text(&String::from_utf8_lossy(value.as_bytes())))
}
