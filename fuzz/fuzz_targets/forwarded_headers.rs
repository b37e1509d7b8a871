//! Reading forwarded headers: the first line of the input is the peer, each other one an
//! `X-Forwarded-For`.
#![no_main]

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use sessrum_web::TrustedProxies;

const NAME: &str = "x-forwarded-for";
const STRANGER: &str = "203.0.113.9";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let proxies = TrustedProxies::parse(["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8:1::/48"]);
    let proxies = proxies.unwrap();
    networks_are_read_or_named(&text);

    let mut lines = data.split(|byte| *byte == b'\n');
    let peer = lines.next().and_then(|line| std::str::from_utf8(line).ok()?.parse().ok());
    let peer = peer.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(NAME, value);
        }
    }
    let client = proxies.client_address(peer, &headers);
    assert_eq!(client, client.to_canonical());

    // Nobody's word is taken but that of a configured proxy.
    let nobody = TrustedProxies::default();
    assert_eq!(nobody.client_address(peer, &headers), peer.to_canonical());
    let stranger: IpAddr = STRANGER.parse().unwrap();
    assert_eq!(proxies.client_address(stranger, &headers), stranger);

    // The word of the nearest proxy hides whatever a client has sent before.
    let proxy = IpAddr::from([10, 0, 0, 1]);
    headers.append(NAME, HeaderValue::from_static(STRANGER));
    assert_eq!(proxies.client_address(proxy, &headers), stranger);
    headers.append(NAME, HeaderValue::from_static("[::1]:80, 10.1.2.3:4711"));
    assert_eq!(proxies.client_address(proxy, &headers), stranger);
});

fn networks_are_read_or_named(text: &str) {
    if let Err(error) = TrustedProxies::parse(text.lines()) {
        assert!(text.lines().any(|line| error.to_string().starts_with(&format!("{line:?}"))));
    }
}
