use std::fmt;

use crate::origin::local_path;

/// A form that was sent and refused for its token alone: its page was open while somebody signed in
/// again. What was typed is kept for the page that asks whether to send it now; secrets are not.
#[derive(Clone, PartialEq, Eq)]
pub struct SentForm {
    /// Where it was sent.
    pub action: String,
    /// Its fields in their order, without the token and without secrets.
    pub fields: Vec<(String, String)>,
    /// The fields whose values were secret, and are to be typed again.
    pub secrets: Vec<String>,
}

impl SentForm {
    /// Reads the body of a form that was sent to `action`; `None` when that is no path to send it to
    /// again.
    pub(crate) fn read(action: &str, body: &[u8]) -> Option<Self> {
        let action = local_path(action)?.to_owned();
        let (mut fields, mut secrets) = (Vec::new(), Vec::new());
        for (name, value) in url::form_urlencoded::parse(body) {
            if name == "csrf_token" {
                continue;
            }
            if !is_secret(&name) {
                fields.push((name.into_owned(), value.into_owned()));
            } else if !value.is_empty() {
                secrets.push(name.into_owned());
            }
        }
        Some(Self { action, fields, secrets })
    }
}

/// What fields with secrets are called, as a word of the name.
const SECRET: [&str; 15] = [
    "credential",
    "credentials",
    "cvc",
    "cvv",
    "key",
    "otp",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "pin",
    "pwd",
    "secret",
    "token",
    "totp",
];

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("password")
        || name.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|it| SECRET.contains(&it))
}

impl fmt::Debug for SentForm {
    /// What was typed is nobody else's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentForm").field("action", &self.action).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept_and_secrets_are_not() {
        let body = b"csrf_token=old&name=Art+%26+more&access_token=hush&name=two&userPassword=hush";
        let form = SentForm::read("/account/platforms", body).unwrap();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(form.fields, [field("name", "Art & more"), field("name", "two")]);
        assert_eq!(form.secrets, ["access_token", "userPassword"]);
        assert!(!format!("{form:?}").contains("Art"));
        for (name, is_secret) in [("PIN", true), ("api-key", true), ("shipping", false)] {
            let form = SentForm::read("/", format!("{name}=1").as_bytes()).unwrap();
            assert_eq!(form.secrets.is_empty(), !is_secret, "{name}");
        }
    }

    #[test]
    fn an_empty_secret_need_not_be_typed_again() {
        assert!(SentForm::read("/", b"access_token=&name=").unwrap().secrets.is_empty());
    }

    #[test]
    fn nothing_is_sent_to_another_site() {
        for action in ["//example.org/x", "/\\example.org", "https://example.org"] {
            assert_eq!(SentForm::read(action, b"name=x"), None, "{action}");
        }
    }
}
