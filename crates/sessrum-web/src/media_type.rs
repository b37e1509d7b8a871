//! What a request says its body is.

use axum::http::{HeaderMap, header};

/// JSON.
pub(crate) const JSON: &str = "application/json";
/// What a page's form sends.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a body is declared to be of this type, in whatever case and with whatever parameters.
/// One that is declared twice is of none.
pub(crate) fn is(headers: &HeaderMap, wanted: &str) -> bool {
    let mut declared = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (declared.next(), declared.next()) else { return false };
    only.to_str()
        .ok()
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(wanted))
}
