//! What a new user of the bundled tables may be called.

use crate::text::is_unseen;

/// The longest user name and the longest address, in characters.
const LONGEST: usize = 200;

/// A user that may not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserRule {
    /// The name does not do.
    #[error(
        "a user name has 1 to {LONGEST} characters that can be seen, and no space at either end"
    )]
    Username,
    /// The address does not do.
    #[error("an e-mail address is written as name@host, in at most {LONGEST} characters")]
    Email,
}

/// Whether a user may be added under this name and address.
pub(crate) fn check_new_user(username: &str, email: &str) -> Result<(), UserRule> {
    if username.is_empty() || !is_plain(username) {
        return Err(UserRule::Username);
    }
    match email.rsplit_once('@') {
        Some((name, host)) if !name.is_empty() && !host.is_empty() && is_plain(email) => Ok(()),
        _ => Err(UserRule::Email),
    }
}

fn is_plain(text: &str) -> bool {
    text.chars().take(LONGEST + 1).count() <= LONGEST
        && text.trim() == text
        && !text.contains(is_unseen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_something_that_can_be_seen_and_typed() {
        let longest = "é".repeat(LONGEST);
        for good in ["a", "Ada Lovelace", "ada@example.org", &longest] {
            assert_eq!(check_new_user(good, "ada@example.org"), Ok(()), "{good}");
        }
        let longer = format!("{longest}e");
        for bad in [
            "",
            " ",
            " ada",
            "ada ",
            "ada\u{a0}",
            "a\nb",
            "a\u{7f}",
            "a\u{202e}b",
            "a\u{200b}",
            &longer,
        ] {
            assert_eq!(check_new_user(bad, "ada@example.org"), Err(UserRule::Username), "{bad:?}");
        }
    }

    #[test]
    fn an_address_has_two_sides() {
        let longest = format!("{}@example.org", "a".repeat(LONGEST - 12));
        for good in ["a@b", "ada+sessrum@example.org", "\"a@b\"@example.org", &longest] {
            assert_eq!(check_new_user("ada", good), Ok(()), "{good}");
        }
        let longer = format!("a{longest}");
        for bad in ["", "ada", "@", "ada@", "@example.org", " a@b", "a@b\n", "a\0@b", &longer] {
            assert_eq!(check_new_user("ada", bad), Err(UserRule::Email), "{bad:?}");
        }
    }
}
