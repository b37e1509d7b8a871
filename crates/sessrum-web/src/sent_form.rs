use std::fmt;

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
    /// Reads the body of a form.
    pub(crate) fn read(action: &str, body: &[u8]) -> Self {
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
        Self { action: action.to_owned(), fields, secrets }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passphrase", "token", "secret", "key"].iter().any(|word| name.contains(word))
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
        let body =
            b"csrf_token=old&name=Art+%26+more&access_token=hush&name=two&current_password=hush";
        let form = SentForm::read("/account/platforms", body);
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(form.fields, [field("name", "Art & more"), field("name", "two")]);
        assert_eq!(form.secrets, ["access_token", "current_password"]);
        assert!(!format!("{form:?}").contains("Art"));
    }

    #[test]
    fn an_empty_secret_need_not_be_typed_again() {
        assert!(SentForm::read("/", b"access_token=&name=").secrets.is_empty());
    }
}
