//! Verifying CSRF tokens: nothing is accepted that was not made for this session or this form.
#![no_main]

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use sessrum_core::csrf::FORM_LIFETIME;
use sessrum_core::{CsrfKey, SecretKey, SeededRandom, SessionHandle, Timestamp};

const NOW: Timestamp = Timestamp::from_micros(1_795_467_600_000_000);

fuzz_target!(|data: &[u8]| {
    let key = SecretKey::from_bytes([1; 32]).csrf_key();
    let session = SessionHandle::from_bytes([1; 16]);
    let genuine = key.session_token(&session, &SeededRandom::new(1)).unwrap();
    let form = key.form_token(NOW);
    check(&key, &session, &genuine, &genuine);
    assert!(key.verify_session_token(&session, &genuine) && key.verify_form_token(&form, NOW));

    check(&key, &session, &genuine, &String::from_utf8_lossy(data));
    for token in [&genuine, &form] {
        check(&key, &session, &genuine, &with_other_bits(token, data));
        check(&key, &session, &genuine, &with_other_letters(token, data));
    }
    let (moment, _) = data.split_at(data.len().min(8));
    let micros = moment.iter().fold(0, |number: i64, byte| number << 8 | i64::from(*byte));
    form_made_at(&key, Timestamp::from_micros(micros));
});

/// A token is good when it unmasks to the genuine one, or was made as a form's.
fn check(key: &CsrfKey, session: &SessionHandle, genuine: &str, text: &str) {
    let other = SessionHandle::from_bytes([2; 16]);
    let good = unmasked(text).is_some_and(|token| Some(token) == unmasked(genuine));
    assert_eq!(key.verify_session_token(session, text), good, "{text:?}");
    assert!(!key.verify_session_token(&other, text), "{text:?}");

    let made = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| {
        let moment = Timestamp::from_micros(i64::from_be_bytes(*bytes.first_chunk()?));
        (key.form_token(moment) == text).then_some(moment)
    });
    let good = made.is_some_and(|made| NOW.since(made) <= FORM_LIFETIME);
    assert_eq!(key.verify_form_token(text, NOW), good, "{text:?}");
}

fn unmasked(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 64)?;
    let (mask, masked) = bytes.split_at(32);
    Some(mask.iter().zip(masked).map(|(left, right)| left ^ right).collect())
}

fn with_other_bits(token: &str, data: &[u8]) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    bytes.iter_mut().zip(data).for_each(|(byte, flip)| *byte ^= flip);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Each pair of the input puts a letter at a place; the place may be past the end.
fn with_other_letters(token: &str, data: &[u8]) -> String {
    let mut letters = token.as_bytes().to_vec();
    for pair in data.chunks_exact(2).take(8) {
        let place = usize::from(pair[0]) % (letters.len() + 1);
        match letters.get_mut(place) {
            Some(letter) => *letter = pair[1],
            None => letters.push(pair[1]),
        }
    }
    String::from_utf8_lossy(&letters).into_owned()
}

fn form_made_at(key: &CsrfKey, made: Timestamp) {
    let token = key.form_token(made);
    assert!(key.verify_form_token(&token, made + FORM_LIFETIME));
    let later = made + FORM_LIFETIME + Duration::from_micros(1);
    assert_eq!(key.verify_form_token(&token, later), later.since(made) <= FORM_LIFETIME);
}
