//! The one cookie.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use sessrum_core::SessionToken;

use crate::origin::Origin;

/// What the cookie is called over https, and over plain http.
pub(crate) const COOKIE_NAMES: [&str; 2] = ["__Host-session_id", "session_id"];

/// Reads and writes the session cookie: an opaque token, and nothing else.
///
/// Over https it is `__Host-session_id`, which browsers bind to this very host and to https. Over
/// plain http, which is for this machine alone, it is `session_id` without `Secure`.
#[derive(Clone, Copy, Debug)]
pub struct SessionCookieManager {
    secure: bool,
}

/// What a request brought.
#[derive(Clone, Debug)]
pub enum SessionCookie {
    /// No session cookie.
    Missing,
    /// One that can be looked up.
    Token(SessionToken),
    /// One that is no token, or several: whose it is cannot be told.
    Unusable,
}

impl SessionCookieManager {
    /// For a site at this origin.
    #[must_use]
    pub fn new(origin: &Origin) -> Self {
        Self { secure: origin.is_secure() }
    }

    /// The cookie's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        let [secure, plain] = COOKIE_NAMES;
        if self.secure { secure } else { plain }
    }

    /// Finds the session cookie. Strict: the name exact, one cookie, a canonical token.
    #[must_use]
    pub fn extract(self, headers: &HeaderMap) -> SessionCookie {
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| {
                pair.trim_ascii().strip_prefix(self.name().as_bytes())?.strip_prefix(b"=")
            });
        match (values.next(), values.next()) {
            (None, _) => SessionCookie::Missing,
            (Some(value), None) => std::str::from_utf8(value)
                .ok()
                .and_then(SessionToken::parse)
                .map_or(SessionCookie::Unusable, SessionCookie::Token),
            (Some(_), Some(_)) => SessionCookie::Unusable,
        }
    }

    /// The `Set-Cookie` line that gives the browser a token: until it closes, or for `max_age`.
    /// The row alone decides how long the token is good.
    #[must_use]
    pub fn set(self, token: &SessionToken, max_age: Option<Duration>) -> HeaderValue {
        let value = token.expose();
        self.line(&value, max_age)
    }

    /// The `Set-Cookie` line that takes the cookie away. It repeats every attribute, or browsers
    /// would ignore it.
    #[must_use]
    pub fn clear(self) -> HeaderValue {
        self.line("", Some(Duration::ZERO))
    }

    fn line(self, value: &str, max_age: Option<Duration>) -> HeaderValue {
        let name = self.name();
        let secure = if self.secure { "; Secure" } else { "" };
        let max_age = max_age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
        let line = format!("{name}={value}; Path=/{secure}; HttpOnly; SameSite=Lax{max_age}");
        // Every part is visible ASCII, so the empty line is never taken.
        let mut line = HeaderValue::try_from(line).unwrap_or_else(|_| HeaderValue::from_static(""));
        line.set_sensitive(true);
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sessrum_core::SeededRandom;

    fn token() -> SessionToken {
        SessionToken::generate(&SeededRandom::new(1)).unwrap()
    }

    fn cookies(url: &str) -> SessionCookieManager {
        SessionCookieManager::new(&Origin::parse(url).unwrap())
    }

    fn extract(header: &[&str]) -> SessionCookie {
        let mut headers = HeaderMap::new();
        for line in header {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        cookies("http://127.0.0.1:8080").extract(&headers)
    }

    /// Security: 3.3.1, 3.3.2, 3.3.3, 3.3.4, abuse 32, parameter cookie
    #[test]
    fn whole_set_cookie_lines_3_3_1() {
        let (https, http) = (cookies("https://a.example"), cookies("http://127.0.0.1"));
        let text = token().expose();
        assert_eq!(
            https.set(&token(), None),
            *format!("__Host-session_id={text}; Path=/; Secure; HttpOnly; SameSite=Lax")
        );
        assert_eq!(
            https.set(&token(), Some(Duration::from_mins(1))),
            *format!(
                "__Host-session_id={text}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"
            )
        );
        assert_eq!(
            https.clear(),
            "__Host-session_id=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        assert_eq!(http.clear(), "session_id=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }

    /// Security: WSTG-SESS-03
    #[test]
    fn one_exact_cookie_is_found_among_others() {
        let text = token().expose();
        let one = extract(&[&format!("a=b; session_id={text};c=d")]);
        assert!(matches!(one, SessionCookie::Token(found) if found.hash() == token().hash()));
        let split = extract(&["a=b", &format!("session_id={text}")]);
        assert!(matches!(split, SessionCookie::Token(_)));
        for other in ["", "a=b", "xsession_id=1", "session_idx=1", "Session_Id=1", "session_id"] {
            assert!(matches!(extract(&[other]), SessionCookie::Missing), "{other}");
        }
    }

    /// Security: abuse 10, abuse 12, abuse 13, trap malformed cookie
    #[test]
    fn malformed_and_duplicate_cookies_open_nothing_10_12_13() {
        let text = token().expose();
        for bad in [
            "session_id=".to_owned(),
            "session_id=\"quoted\"".to_owned(),
            "session_id=é".to_owned(),
            format!("session_id={}", "A".repeat(100_000)),
            format!("session_id={text}; session_id={text}"),
            format!("session_id={text}; session_id="),
        ] {
            assert!(matches!(extract(&[&bad]), SessionCookie::Unusable));
        }
    }
}
