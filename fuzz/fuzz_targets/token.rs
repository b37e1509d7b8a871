//! Reading tokens and handles: what is read is written the same, and there is one way to write it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sessrum_core::{Random, RandomError, SessionHandle, SessionToken};

/// Randomness that is the input, then zeros.
struct Given(Vec<u8>);

impl Random for Given {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        let given = self.0.iter().copied().chain(std::iter::repeat(0));
        bytes.iter_mut().zip(given).for_each(|(to, from)| *to = from);
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Some(token) = SessionToken::parse(&text) {
        assert_eq!(token.expose(), text);
        assert_eq!(SessionHandle::parse(&text), None);
    }
    if let Some(handle) = SessionHandle::parse(&text) {
        assert_eq!(handle.to_string(), text);
        assert_eq!(SessionHandle::from_bytes(*handle.as_bytes()), handle);
    }

    let given = Given(data.to_vec());
    let token = SessionToken::generate(&given).unwrap();
    let read = SessionToken::parse(&token.expose()).expect("a token is read as it is written");
    assert_eq!(read.hash(), token.hash());
    assert_eq!(format!("{token:?}"), "SessionToken(…)");
    let handle = SessionHandle::generate(&given).unwrap();
    assert_eq!(SessionHandle::parse(&handle.to_string()), Some(handle));
});
