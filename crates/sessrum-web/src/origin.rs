//! Where the site is, and what belongs to it.

use std::fmt;

use url::Url;

use crate::cookie::COOKIE_NAMES;

/// The scheme, host and port that browsers know the site by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Url);

/// A public URL that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public URL must look like https://sessions.example.org, without a path: {0}")]
pub struct OriginError(String);

impl Origin {
    /// Reads a public URL: `http` or `https`, a host, and nothing after it.
    ///
    /// # Errors
    /// [`OriginError`] when it is anything else.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|error| OriginError(format!("{text:?}, {error}")))?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && bare {
            Ok(Self(url))
        } else {
            Err(OriginError(format!("{text:?}")))
        }
    }

    /// Whether browsers reach the site by https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the host is this machine alone.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The host, as a name or an address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether an `Origin` header names this site. Userinfo, a path or another scheme does not.
    #[must_use]
    pub fn matches(&self, header: &str) -> bool {
        header == self.0.origin().ascii_serialization()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

/// `text` if it is a path of this site that is safe to send a browser to. `//host`, `/\host` and
/// whatever a browser would read as another site is not, nor is what has a parameter of the session
/// cookie's name: no token goes into a `Location`.
///
/// ```
/// use sessrum_web::local_path;
///
/// assert_eq!(local_path("/account/sessions?page=2"), Some("/account/sessions?page=2"));
/// assert_eq!(local_path("//example.org"), None);
/// assert_eq!(local_path("/\\example.org"), None);
/// assert_eq!(local_path("/account/sessions?session_id=x"), None);
/// ```
#[must_use]
pub fn local_path(text: &str) -> Option<&str> {
    let local = text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !has_cookie_in_query(text);
    local.then_some(text)
}

fn has_cookie_in_query(path: &str) -> bool {
    let (_, query) = path.split_once('?').unwrap_or_default();
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    parameters.any(|(name, _)| COOKIE_NAMES.contains(&name.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Security: 3.5.1, abuse 29, abuse 30
    #[test]
    fn only_the_very_origin_matches_29_30() {
        let origin = Origin::parse("https://sessions.example.org").unwrap();
        assert!(origin.matches("https://sessions.example.org"));
        for other in [
            "http://sessions.example.org",
            "https://sessions.example.org:8443",
            "https://user@sessions.example.org",
            "https://sessions.example.org/",
            "https://sessions.example.org.evil.example",
            "null",
            "",
        ] {
            assert!(!origin.matches(other), "{other}");
        }
        assert!(Origin::parse("http://127.0.0.1:8080").unwrap().matches("http://127.0.0.1:8080"));
    }

    #[test]
    fn a_public_url_has_no_path() {
        for bad in
            ["", "example.org", "ftp://example.org", "https://example.org/app", "https://a:b@c"]
        {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_next_leads_away_fault_11() {
        for bad in ["", "x", "//h", "/\\h", "https://h", "/\t/h", "/a\nb", "/a b", "\\/h", "/é"] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
