use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, header};
use sessrum_core::Client;

use crate::proxy::ClientAddress;

const PLATFORM_HINT: HeaderName = HeaderName::from_static("sec-ch-ua-platform");

/// What a request tells of its sender. The address is the one that [`ProxyGate`](crate::ProxyGate)
/// found, else the peer's, which a router knows when it is served with
/// [`into_make_service_with_connect_info`].
///
/// [`into_make_service_with_connect_info`]: axum::Router::into_make_service_with_connect_info
#[must_use]
pub fn client_of(parts: &Parts) -> Client {
    client_from(&parts.headers, &parts.extensions)
}

/// The same, of a request that is still whole.
pub(crate) fn client_from(headers: &HeaderMap, extensions: &Extensions) -> Client {
    let told = extensions.get().map(|ClientAddress(address)| *address);
    let peer = || {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        peer.map(|ConnectInfo(peer)| peer.ip().to_canonical())
    };
    let languages = text(headers, &header::ACCEPT_LANGUAGE);
    Client {
        ip_address: told.or_else(peer),
        user_agent: text(headers, &header::USER_AGENT),
        language: languages.as_deref().and_then(first_language),
        platform_hint: text(headers, &PLATFORM_HINT),
    }
}

/// An empty header tells nothing.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    let value = headers.get(name).filter(|value| !value.is_empty())?;
    Some(Client::text(&String::from_utf8_lossy(value.as_bytes())))
}

/// The first language of an `Accept-Language` header, in lower case.
///
/// ```
/// use sessrum_web::first_language;
///
/// assert_eq!(first_language("de-AT,de;q=0.9, en;q=0.5").as_deref(), Some("de-at"));
/// assert_eq!(first_language(""), None);
/// ```
#[must_use]
pub fn first_language(list: &str) -> Option<Box<str>> {
    let first = list.split([',', ';']).next()?.trim();
    (!first.is_empty()).then(|| first.to_ascii_lowercase().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn client(name: &str, value: &str) -> Client {
        client_of(&Request::builder().header(name, value).body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_first_language_counts() {
        let language = |list| client("accept-language", list).language;
        assert_eq!(language("DE-ch, fr;q=0.9").as_deref(), Some("de-ch"));
        assert_eq!(language(" de;q=0.5").as_deref(), Some("de"));
        for nothing in ["", " ", ",de", ";q=1"] {
            assert_eq!(language(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn an_empty_header_tells_nothing() {
        for name in ["user-agent", "accept-language", "sec-ch-ua-platform"] {
            assert_eq!(client(name, ""), Client::default());
        }
    }
}
