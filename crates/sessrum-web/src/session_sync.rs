use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sessrum_core::hex;
use sha2::{Digest as _, Sha256};

/// The text of `session-sync.js`: the ES module that keeps open pages in step with their session.
/// How pages use it is said in it.
pub const SESSION_SYNC: &str = include_str!("../assets/session-sync.js");

static ETAG: LazyLock<HeaderValue> = LazyLock::new(|| {
    let digest: [u8; 32] = Sha256::digest(SESSION_SYNC).into();
    HeaderValue::try_from(format!("\"{}\"", hex(&digest)))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
});

/// Serves [`SESSION_SYNC`] at an address that stays the same: browsers keep it, and ask each time
/// whether there is another.
///
/// ```
/// use axum::{Router, routing::get};
///
/// let app: Router =
///     Router::new().route("/assets/session-sync.js", get(sessrum_web::session_sync));
/// ```
pub async fn session_sync(headers: HeaderMap) -> Response {
    let caching = [
        (header::ETAG, ETAG.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    // A proxy that compresses marks the tag as weak.
    let is_known = |tag: &str| tag.trim().trim_start_matches("W/") == *ETAG;
    if known.is_some_and(|known| known.split(',').any(is_known)) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let media_type = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (caching, media_type, SESSION_SYNC).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(known: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, known.parse().unwrap());
        session_sync(headers).await
    }

    #[tokio::test]
    async fn whoever_has_it_is_not_sent_it_again() {
        let tag = ETAG.to_str().unwrap();
        for known in [tag.to_owned(), format!("\"other\", W/{tag}")] {
            let answer = asked(&known).await;
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(answer.headers()[header::ETAG], *ETAG);
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-cache");
        }
        let answer = asked("\"other\"").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    }
}
