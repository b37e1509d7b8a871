//! Which passwords may be chosen. None must have this or that kind of character; what counts is
//! how soon somebody would guess it.

use zxcvbn::zxcvbn;

/// The shortest password that may be chosen, in characters.
pub const SHORTEST_PASSWORD: usize = 8;
/// The longest password that may be chosen, in characters.
pub const LONGEST_PASSWORD: usize = 256;

/// Tries within which nobody may guess a password. The throttle lets through 100 in a row.
const FEWEST_GUESSES: u64 = 1_000_000;

/// Characters that a password with a name in it has beside the name.
const FEWEST_OWN: usize = 5;

/// Characters whose guesses are counted. The estimate takes some 0.1 ms for an ordinary password,
/// at most 30 ms for one of this length that was made to be slow, and seconds beyond it.
const LOOKED_AT: usize = 24;

/// A password that may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRule {
    /// Too few characters.
    #[error("a password needs at least {SHORTEST_PASSWORD} characters")]
    TooShort,
    /// Too many characters.
    #[error("a password has at most {LONGEST_PASSWORD} characters")]
    TooLong,
    /// It is the present one.
    #[error("this is your present password: take another")]
    Unchanged,
    /// It is among the first that somebody would try.
    #[error("this password is easy to guess: it is common, a simple pattern, or made of your name")]
    Guessable,
}

/// Whether `password` has a length that may be chosen. Every character counts, spaces too.
pub(crate) fn check_length(password: &str) -> Result<(), PasswordRule> {
    match password.chars().take(LONGEST_PASSWORD + 1).count() {
        ..SHORTEST_PASSWORD => Err(PasswordRule::TooShort),
        SHORTEST_PASSWORD..=LONGEST_PASSWORD => Ok(()),
        _ => Err(PasswordRule::TooLong),
    }
}

/// Whether `password` is hard enough to guess for somebody who knows the names of the user and of
/// the site.
pub(crate) fn check_guesses<'a>(
    password: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), PasswordRule> {
    let mut words = vec!["sessrum".to_owned()];
    for name in names.into_iter().map(str::to_lowercase) {
        words.extend(name.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        words.push(name);
    }
    // A name of two letters is in many a word.
    words.retain(|word| word.chars().count() > 2);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let known: Vec<&str> = words.iter().map(|word| start(word)).collect();
    if is_made_of(&password.to_lowercase(), &words)
        || zxcvbn(start(password), &known).guesses() < FEWEST_GUESSES
    {
        return Err(PasswordRule::Guessable);
    }
    Ok(())
}

/// Whether little is left of a password without these words and what people put between words.
fn is_made_of(password: &str, words: &[String]) -> bool {
    let rest = words.iter().fold(password.to_owned(), |rest, word| rest.replace(word, ""));
    let is_own = |c: &char| !c.is_whitespace() && !matches!(c, '.' | '-' | '_' | '@' | '+');
    rest.len() < password.len() && rest.chars().filter(is_own).count() < FEWEST_OWN
}

/// As much of a text as is looked at.
fn start(text: &str) -> &str {
    let end = text.char_indices().nth(LOOKED_AT).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Random as _, SeededRandom};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const WORDS: [&str; 3] =
        ["ada.lovelace", "ada.lovelace@engines.example.org", "rooms.example.org"];

    fn guesses(password: &str) -> Result<(), PasswordRule> {
        check_guesses(password, WORDS)
    }

    /// Security: 6.2.1, 6.2.9
    #[test]
    fn the_length_counts_characters() {
        assert_eq!(check_length("1234567"), Err(PasswordRule::TooShort));
        assert_eq!(check_length("ééééééé"), Err(PasswordRule::TooShort));
        assert_eq!(check_length("12345678"), Ok(()));
        assert_eq!(check_length(&"é".repeat(256)), Ok(()));
        assert_eq!(check_length(&"é".repeat(257)), Err(PasswordRule::TooLong));
    }

    /// Security: 6.2.4
    #[test]
    fn what_everybody_tries_first_is_refused() {
        for common in [
            "password",
            "PASSWORD",
            "Password1!",
            "P@ssw0rd",
            "12345678",
            "qwertyuiop",
            "zaq12wsx",
            "letmein123",
            "iloveyou2",
            "trustno1",
            "19841231",
            "1q2w3e4r5t",
            "abcdefghijk",
        ] {
            assert_eq!(guesses(common), Err(PasswordRule::Guessable), "{common}");
        }
        for repeated in ["x", "é", "\u{1f600}", "password", "0123456789"] {
            let long = repeated.repeat(256 / repeated.chars().count());
            assert_eq!(guesses(&long), Err(PasswordRule::Guessable), "{repeated}");
        }
    }

    /// Security: 6.1.2, 6.2.11
    #[test]
    fn what_is_made_of_ones_own_names_is_refused() {
        for own in [
            "ada.lovelace",
            "AdaLovelace",
            "lovelace1",
            "ada.lovelace@engines.example.org",
            "engines1",
            "rooms.example.org",
            "ada@rooms",
            "ada lovelace 1815",
            "Ada-Ada-Ada-Ada",
            "lovelace_rooms!",
            "sessrum1",
        ] {
            assert_eq!(guesses(own), Err(PasswordRule::Guessable), "{own}");
        }
        assert_eq!(guesses("Ada and her engines"), Ok(()));
        assert_eq!(check_guesses("engines of Ada", []), Ok(()));
        assert_eq!(check_guesses("axolotl otax", ["", "ax", "ot"]), Ok(()));
        assert_eq!(guesses("-@_.+ @.-_+-"), Ok(()));
    }

    /// Security: 6.2.5
    #[test]
    fn phrases_and_random_characters_may_be_chosen_and_none_is_required() {
        for good in ["correct horse", "battery staple", "four plain lower words", "пароль у моря"]
        {
            assert_eq!(guesses(good), Ok(()), "{good}");
        }
        let random = SeededRandom::new(5);
        for _ in 0..200 {
            let mut bytes = [0; 12];
            random.fill(&mut bytes).unwrap();
            let password = URL_SAFE_NO_PAD.encode(bytes);
            assert_eq!(guesses(&password), Ok(()), "{password}");
        }
    }
}
