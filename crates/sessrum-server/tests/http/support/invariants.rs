//! What holds of every answer, whatever the test.

use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde_json::Value;

use super::answer::Answer;
use super::site::Site;

/// The only calls that may take the cookie away.
fn may_clear(method: &Method, path: &str) -> bool {
    matches!((method.as_str(), path), ("POST", "/api/logout"))
        || (method == "DELETE" && path.starts_with("/api/sessions/"))
        // An administrator's own session.
        || (method == "DELETE" && path.starts_with("/api/admin/sessions/"))
        || (method == "POST" && path.starts_with("/api/admin/users/"))
        || path == "/api/admin/revoke-all"
}

pub(super) fn check(site: &Site, method: &Method, path: &str, answer: &Answer) {
    let id = answer.header("x-request-id");
    assert!(id.is_some_and(|id| id.len() == 16), "{answer:?}");
    let is_cors = |name: &HeaderName| name.as_str().starts_with("access-control-");
    assert!(!answer.headers.keys().any(is_cors), "{answer:?}");
    if path.starts_with("/api/") {
        is_api_like(method, path, answer, id.unwrap());
    }
    for line in answer.set_cookies() {
        is_sound_cookie(site, line);
    }
    tokens_stay_in_set_cookie(site, answer);
    if let Some(document) = site.document() {
        is_documented(document, method, path, answer);
        has_security_headers(site, &answer.headers);
    }
}

/// What the server sends with each answer, whatever it is; pages that are for people allow their
/// scripts in place of none.
pub(super) const SECURITY_HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), usb=()",
    ),
    ("referrer-policy", "same-origin"),
    ("strict-transport-security", "max-age=63072000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

pub(super) fn has_security_headers(site: &Site, headers: &HeaderMap) {
    for (name, value) in SECURITY_HEADERS {
        let is_sent = name != "strict-transport-security" || site.origin().is_secure();
        let found: Vec<_> = headers.get_all(name).iter().collect();
        let wanted: &[&str] = if is_sent { &[value] } else { &[] };
        let has_scripts = name == "content-security-policy" && found.len() == 1;
        assert!(
            found == wanted || (has_scripts && is_policy_of_a_page(headers)),
            "{name}: {headers:?}"
        );
    }
}

/// The policy of a page names its scripts by a nonce of 128 bits; the rest of it is the same.
fn is_policy_of_a_page(headers: &HeaderMap) -> bool {
    let (_, no_scripts) = SECURITY_HEADERS[0];
    let (start, end) = no_scripts.split_once("script-src 'none'").unwrap();
    let policy = headers["content-security-policy"].to_str().unwrap();
    let scripts = policy.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    let nonce = scripts
        .and_then(|scripts| scripts.strip_prefix("script-src 'nonce-"))
        .and_then(|scripts| scripts.strip_suffix("'; connect-src 'self'"));
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes().starts_with(b"text/html") && headers[header::CACHE_CONTROL] == "no-store"
    });
    is_page && nonce.is_some_and(|nonce| nonce.len() == 32 && !nonce.contains('\''))
}

fn is_api_like(method: &Method, path: &str, answer: &Answer, id: &str) {
    // An answer that comes late would wipe what a newer sign-in has just set.
    if !may_clear(method, path) {
        let clears = answer.set_cookies().iter().any(|line| line.contains("Max-Age=0"));
        assert!(!clears, "{method} {path} clears the cookie: {answer:?}");
    }
    if answer.status.is_client_error() || answer.status.is_server_error() {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        if method == Method::HEAD {
            return;
        }
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status.as_u16(), "{answer:?}");
        assert_eq!(problem["request_id"], id, "{answer:?}");
        let code = problem["code"].as_str().unwrap();
        assert_eq!(problem["type"], format!("urn:sessrum:problem:{code}"), "{answer:?}");
    } else {
        // 14.3.2: nothing of a session is kept in a cache.
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    }
}

/// 3.3.1 to 3.3.5, for deletions too.
fn is_sound_cookie(site: &Site, line: &str) {
    let cookie = cookie::Cookie::parse(line).unwrap();
    let is_https = site.origin().is_secure();
    assert_eq!(cookie.name(), if is_https { "__Host-session_id" } else { "session_id" });
    assert_eq!(cookie.secure().unwrap_or(false), is_https, "{line}");
    assert_eq!(cookie.http_only(), Some(true), "{line}");
    assert_eq!(cookie.same_site(), Some(cookie::SameSite::Lax), "{line}");
    assert_eq!((cookie.path(), cookie.domain()), (Some("/"), None), "{line}");
    assert!(matches!(cookie.value().len(), 0 | TOKEN_LENGTH) && line.len() < 4096, "{line}");
}

const TOKEN_LENGTH: usize = 43;

/// 3.3.4, 14.2.1: the token leaves in `Set-Cookie` alone.
fn tokens_stay_in_set_cookie(site: &Site, answer: &Answer) {
    let mut tokens = site.tokens();
    tokens.extend(answer.token());
    let headers = answer.headers.iter().filter(|(name, _)| *name != header::SET_COOKIE);
    let headers: Vec<&[u8]> = headers.map(|(_, value)| value.as_bytes()).collect();
    let all = [&headers.concat(), &answer.body[..]].concat();
    let all = String::from_utf8_lossy(&all);
    // There may be thousands of tokens: what could be one is looked up among them.
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    for run in all.split(|c| !is_of_token(c)).filter(|run| run.len() >= TOKEN_LENGTH) {
        for start in 0..=run.len() - TOKEN_LENGTH {
            let part = &run[start..start + TOKEN_LENGTH];
            assert!(!tokens.contains(part), "a token is in {all}");
        }
    }
}

/// Each answer of a described route is described, and the API has no other routes.
fn is_documented(document: &Value, method: &Method, path: &str, answer: &Answer) {
    let paths = document["paths"].as_object().unwrap();
    let Some((template, item)) = paths.iter().find(|(template, _)| matches(template, path)) else {
        if path.starts_with("/api/") {
            let is_no_route = answer.status == StatusCode::NOT_FOUND || is_of_the_gate(answer);
            assert!(is_no_route, "{path} is not described: {answer:?}");
        }
        return;
    };
    // HEAD is answered by GET. Methods are compared as they are: `get` is another than `GET`.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let operation = item.as_object().unwrap().iter();
    let mut operation = operation.filter(|(name, _)| name.to_ascii_uppercase() == method.as_str());
    let Some((_, operation)) = operation.next() else {
        let is_no_route = answer.status == StatusCode::METHOD_NOT_ALLOWED || is_of_the_gate(answer);
        assert!(is_no_route, "{method} {template} is not described: {answer:?}");
        return;
    };
    let status = answer.status.as_str();
    let described = operation["responses"].get(status).is_some();
    assert!(described, "{method} {template} does not describe {status}: {answer:?}");
}

/// The gate refuses before anyone looks for a route.
fn is_of_the_gate(answer: &Answer) -> bool {
    answer.status == StatusCode::FORBIDDEN
        && matches!(answer.at("/code").as_str(), "csrf_failed" | "origin_rejected")
}

/// Whether a path is one of a template's, a literal segment before a parameter.
pub(crate) fn matches(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(part, given)| part == given || part.starts_with('{'))
}
