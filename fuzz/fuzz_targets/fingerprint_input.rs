//! Taking fingerprints: the lines of the input are two clients' agent, language, hint and address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sessrum_core::{Client, SecretKey, SessionFingerprint};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for line in text.lines() {
        is_fit_to_be_kept(line);
    }
    let mut lines = text.lines();
    let (one, two) = (client(&mut lines), client(&mut lines));
    let key = SecretKey::from_bytes([7; 32]).fingerprint_key();
    let (first, second) = (SessionFingerprint::of(&one, &key), SessionFingerprint::of(&two, &key));
    let difference = first.difference(&second);
    assert_eq!(first.difference(&first), 0);
    assert!(!first.is_another_machine(&first));
    assert!(difference <= 8);
    assert_eq!(difference, second.difference(&first));
    assert_eq!(first.is_another_machine(&second), second.is_another_machine(&first));
    assert!(!first.is_another_machine(&second) || difference >= 5);
    assert_eq!(SessionFingerprint::from_bytes(&first.to_bytes()), Some(first));

    let silent = SessionFingerprint::of(&Client::default(), &key);
    assert_eq!(first.difference(&silent), 0, "what is not known differs from nothing");
    let moved = Client { ip_address: "198.51.100.1".parse().ok(), ..one };
    assert!(first.difference(&SessionFingerprint::of(&moved, &key)) <= 1);
});

fn client<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Client {
    let mut line = || lines.next().filter(|line| !line.is_empty());
    Client {
        user_agent: line().map(Client::text),
        language: line().map(Client::text),
        platform_hint: line().map(Client::text),
        ip_address: line().and_then(|address| address.parse().ok()),
    }
}

fn is_fit_to_be_kept(header: &str) {
    let text = Client::text(header);
    assert!(text.len() <= 512 && !text.contains(char::is_control), "{text:?}");
    assert_eq!(Client::text(&text), text);
    for agent in [header, &text] {
        let name = Client::device_name(Some(agent));
        assert!(!name.is_empty() && name.len() <= agent.len().max(64), "{name:?}");
    }
    assert!(!Client::device_name(Some(&text)).contains(char::is_control));
}
