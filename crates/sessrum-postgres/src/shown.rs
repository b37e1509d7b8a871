use crate::open_error::OpenError;
use crate::server;

const HIDDEN: &str = "(hidden)";

/// A URL as it may be shown, with `(hidden)` in the place of a password.
///
/// ```
/// let shown = sessrum_postgres::shown("postgres://sessrum:hunter2@db.example/sessions")?;
/// assert_eq!(shown, "postgres://sessrum:(hidden)@db.example/sessions");
/// # Ok::<(), sessrum_postgres::OpenError>(())
/// ```
///
/// # Errors
/// [`OpenError::InvalidUrl`] or [`OpenError::WeakMode`] of one that cannot be used.
pub fn shown(url: &str) -> Result<String, OpenError> {
    server::parse(url)?;
    let (scheme, rest) = url.split_once("://").ok_or(OpenError::InvalidUrl)?;
    let (credentials, place) = match rest.split_once('@') {
        Some((credentials, place)) => (Some(credentials), place),
        None => (None, rest),
    };
    let mut shown = format!("{scheme}://");
    if let Some(credentials) = credentials {
        match credentials.split_once(':') {
            Some((user, _)) => shown.extend([user, ":", HIDDEN]),
            None => shown.push_str(credentials),
        }
        shown.push('@');
    }
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    shown.push_str(place);
    for (number, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A key may be written in more than one way.
        let is_plain = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let value = if is_plain && key != "password" { value } else { HIDDEN };
        shown.extend([if number == 0 { "?" } else { "&" }, key, "=", value]);
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_wherever_it_stands() {
        for (url, wanted) in [
            ("postgres://h/d", "postgres://h/d"),
            ("postgresql://u@h:1,i:2/d", "postgresql://u@h:1,i:2/d"),
            ("postgres://u:@h", "postgres://u:(hidden)@h"),
            ("postgres://u:hunter2@h/d", "postgres://u:(hidden)@h/d"),
            ("postgres://u:hunter2?x=hunter2:/@h/d?", "postgres://u:(hidden)@h/d"),
            (
                "postgres://u:hunter2@%2Frun%2Fpostgresql/d?sslmode=disable&application_name=a",
                "postgres://u:(hidden)@%2Frun%2Fpostgresql/d?sslmode=disable&application_name=a",
            ),
            ("postgres://h/d?user=u&password=hunter2", "postgres://h/d?user=u&password=(hidden)"),
            ("postgres://h/d?p%61ssword=hunter2", "postgres://h/d?p%61ssword=(hidden)"),
        ] {
            assert_eq!(shown(url).unwrap(), wanted, "{url}");
        }
    }

    #[test]
    fn a_url_that_may_be_misread_is_refused() {
        for url in [
            "mysql://u:hunter2@h/d",
            "postgres:h",
            "postgres://",
            "postgres://u:hunter2@hunter3@h/d",
            "postgres://h/d?password=hunter2@hunter3",
            "postgres://u:hunter2/d",
            "postgres://u:p@h/d?unknown=1",
        ] {
            assert!(matches!(shown(url), Err(OpenError::InvalidUrl)), "{url}");
        }
        for mode in ["prefer", "allow", "hunter2"] {
            let url = format!("postgres://h/d?sslmode={mode}");
            assert!(matches!(shown(&url), Err(OpenError::WeakMode)), "{url}");
        }
    }
}
