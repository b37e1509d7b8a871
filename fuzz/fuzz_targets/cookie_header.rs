//! Finding the session cookie: each line of the input is one `Cookie` header.
#![no_main]

use axum::http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use sessrum_core::{SeededRandom, SessionToken};
use sessrum_web::{Origin, SessionCookie, SessionCookieManager};

fuzz_target!(|data: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(64) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(header::COOKIE, value);
        }
    }
    for url in ["https://sessions.example", "http://127.0.0.1:8080"] {
        check(SessionCookieManager::new(&Origin::parse(url).unwrap()), headers.clone());
    }
});

fn check(cookies: SessionCookieManager, mut headers: HeaderMap) {
    let found = cookies.extract(&headers);
    if let SessionCookie::Token(token) = &found {
        let pair = format!("{}={}", cookies.name(), token.expose());
        assert_eq!(stands_alone(&headers, pair.as_bytes()), 1, "no such cookie, or several");
    }

    let token = SessionToken::generate(&SeededRandom::new(1)).unwrap();
    let one_more = format!("{}={}", cookies.name(), token.expose());
    headers.append(header::COOKIE, HeaderValue::try_from(one_more).unwrap());
    match (found, cookies.extract(&headers)) {
        (SessionCookie::Missing, SessionCookie::Token(now)) => assert_eq!(now.hash(), token.hash()),
        (SessionCookie::Missing, _) => panic!("a token beside other cookies is not found"),
        (_, SessionCookie::Unusable) => {}
        (_, _) => panic!("one of two session cookies was chosen"),
    }
}

/// How often `pair` is a whole cookie.
fn stands_alone(headers: &HeaderMap, pair: &[u8]) -> usize {
    headers
        .get_all(header::COOKIE)
        .iter()
        .map(|value| {
            let bytes = value.as_bytes();
            let places = bytes.windows(pair.len()).enumerate().filter(|(_, part)| *part == pair);
            let whole = places.filter(|(start, _)| {
                let (before, rest) = bytes.split_at(*start);
                let after = &rest[pair.len()..];
                matches!(before.trim_ascii_end().last(), None | Some(b';'))
                    && matches!(after.trim_ascii_start().first(), None | Some(b';'))
            });
            whole.count()
        })
        .sum()
}
