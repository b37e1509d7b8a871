use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sessrum_core::Client;

use crate::proxy::ClientAddress;

/// What a request tells of its sender. The address is the one that [`ProxyGate`](crate::ProxyGate)
/// found, else the peer's, which a router knows when it is served with
/// [`into_make_service_with_connect_info`].
///
/// [`into_make_service_with_connect_info`]: axum::Router::into_make_service_with_connect_info
#[must_use]
pub fn client_of(parts: &Parts) -> Client {
    let told = parts.extensions.get().map(|ClientAddress(address)| *address);
    let peer = || {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.map(|ConnectInfo(peer)| peer.ip().to_canonical())
    };
    let languages = text(&parts.headers, header::ACCEPT_LANGUAGE.as_str());
    Client {
        ip_address: told.or_else(peer),
        user_agent: text(&parts.headers, header::USER_AGENT.as_str()),
        language: languages.as_deref().map(first_language),
        platform_hint: text(&parts.headers, "sec-ch-ua-platform"),
    }
}

/// The first language of an `Accept-Language` header, in lower case; empty when it has none.
///
/// ```
/// use sessrum_web::first_language;
///
/// assert_eq!(&*first_language("de-AT,de;q=0.9, en;q=0.5"), "de-at");
/// ```
#[must_use]
pub fn first_language(header: &str) -> Box<str> {
    let first = header.split([',', ';']).next().unwrap_or_default();
    first.trim().to_ascii_lowercase().into()
}

fn text(headers: &HeaderMap, name: &str) -> Option<Box<str>> {
    headers.get(name).map(|value| Client::text(&String::from_utf8_lossy(value.as_bytes())))
}
