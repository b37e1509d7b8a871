use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sessrum_core::{Lifetime, SecretKey};
use zeroize::Zeroizing;

use super::error::ConfigError;

/// A length of time as people write it: `1s`, `30m`, `12h`, `14d`, `1h 30m`. A day has 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

impl Period {
    pub(super) fn positive(self, key: &str) -> Result<Duration, ConfigError> {
        if self.0 > Duration::ZERO {
            Ok(self.0)
        } else {
            Err(ConfigError::value(key, "must be more than nothing"))
        }
    }

    /// Reads a length of time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let span: jiff::Span = text.parse().ok()?;
        let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
        Duration::try_from(duration).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer).ok();
        text.and_then(|text| Self::parse(&text))
            .ok_or_else(|| de::Error::custom("must be a time such as 30m or 14d"))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
        let whole = units.iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
        match whole {
            Some((unit, name)) if self.0.subsec_nanos() == 0 => {
                write!(f, "{}{name}", seconds / unit)
            }
            _ => write!(f, "{}ms", self.0.as_millis()),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Several texts: a list, or one text with commas, as the environment has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List(pub Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            List(Vec<String>),
            Text(String),
        }
        match Written::deserialize(deserializer) {
            Ok(Written::List(texts)) => Ok(Self(texts)),
            Ok(Written::Text(text)) if text.trim().is_empty() => Ok(Self::default()),
            Ok(Written::Text(text)) => {
                Ok(Self(text.split(',').map(|part| part.trim().to_owned()).collect()))
            }
            Err(_) => Err(de::Error::custom("must be a list of texts")),
        }
    }
}

/// A named pair of idle and absolute times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// [`Lifetime::RELAXED`].
    Relaxed,
    /// [`Lifetime::STANDARD`].
    Standard,
    /// [`Lifetime::STRICT`].
    Strict,
}

impl Profile {
    pub(super) const fn lifetime(self) -> Lifetime {
        match self {
            Self::Relaxed => Lifetime::RELAXED,
            Self::Standard => Lifetime::STANDARD,
            Self::Strict => Lifetime::STRICT,
        }
    }
}

/// Something that is never shown.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The key that the text is, 32 bytes in base64.
    pub(super) fn key(&self) -> Result<SecretKey, &'static str> {
        decode_key(&self.0)
    }
}

/// Reads 32 bytes in base64; else what they must be.
pub(crate) fn decode_key(text: &str) -> Result<SecretKey, &'static str> {
    const NO_KEY: &str = "must be 32 random bytes in base64";
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| NO_KEY)?);
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| NO_KEY)?;
    let [first, rest @ ..] = &key;
    // Somebody put it there to try something out, and anybody can guess it.
    if rest.iter().all(|byte| byte == first) {
        return Err("must be 32 random bytes, and these are all the same");
    }
    Ok(SecretKey::from_bytes(key))
}

/// Writes a key as [`decode_key`] reads it.
pub(crate) fn encode_key(key: &SecretKey) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(key.expose()))
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_do() {
        for (text, seconds) in [("1s", 1), ("30m", 1_800), ("12h", 43_200), ("14d", 1_209_600)] {
            let period = Period::parse(text).unwrap();
            assert_eq!(period, Period(Duration::from_secs(seconds)));
            assert_eq!(serde_json::to_value(period).unwrap(), text);
        }
        assert_eq!(Period::parse("1h 30m"), Some(Period(Duration::from_mins(90))));
        for bad in ["", "30", "m", "-5m", "5 parsecs"] {
            assert_eq!(Period::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_is_32_bytes_that_are_not_all_the_same() {
        let read = |bytes: &[u8]| decode_key(&STANDARD.encode(bytes)).map(|key| *key.expose());
        for byte in [0, 7, 0xff] {
            let error = "must be 32 random bytes, and these are all the same";
            assert_eq!(read(&[byte; 32]), Err(error));
            let mut key = [byte; 32];
            key[31] ^= 1;
            assert_eq!(read(&key), Ok(key));
        }
        for length in [0, 31, 33] {
            assert_eq!(read(&vec![0; length]), Err("must be 32 random bytes in base64"));
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret: Secret = serde_json::from_str("\"hunter2\"").unwrap();
        assert!(
            !format!("{secret:?}{}", serde_json::to_string(&secret).unwrap()).contains("hunter2")
        );
    }
}
