//! Taking the first language: each line of the input is one `Accept-Language` header.
#![no_main]

use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, header};
use libfuzzer_sys::fuzz_target;
use sessrum_web::client_of;

fuzz_target!(|data: &[u8]| {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').take(8).collect();
    let Some(language) = first_language(&lines) else { return };
    assert!(language.len() <= 512 && !language.is_empty(), "{language:?}");
    assert_eq!(*language, *language.trim().to_ascii_lowercase());
    assert!(!language.contains(|c: char| c.is_control() || c == ',' || c == ';'), "{language:?}");

    let upper = lines.iter().map(|line| line.to_ascii_uppercase()).collect::<Vec<_>>();
    let upper = upper.iter().map(Vec::as_slice).collect::<Vec<_>>();
    assert_eq!(first_language(&upper).as_deref(), Some(&*language), "case makes no difference");
    let longer = lines.iter().map(|line| [line, &b", xx;q=0.1"[..]].concat()).collect::<Vec<_>>();
    let longer = longer.iter().map(Vec::as_slice).collect::<Vec<_>>();
    assert_eq!(first_language(&longer).as_deref(), Some(&*language), "others do not count");
});

fn first_language(lines: &[&[u8]]) -> Option<Box<str>> {
    let mut request = Request::new(());
    for line in lines {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            request.headers_mut().append(header::ACCEPT_LANGUAGE, value);
        }
    }
    let (parts, ()): (Parts, ()) = request.into_parts();
    client_of(&parts).language
}
