use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sessrum_postgres::OpenError;
use zeroize::Zeroizing;

/// Where the database is.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// `sqlite:PATH`.
    Sqlite(PathBuf),
    /// `postgres://…`.
    Postgres(PostgresUrl),
}

impl std::str::FromStr for DatabaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            None if text.starts_with("postgres") => text.parse().map(Self::Postgres),
            // The URL may hold a password: it is not repeated.
            _ => Err("must be sqlite:PATH, as in sqlite:/var/lib/sessrum/sessrum.db, or \
                      postgres://USER:PASSWORD@HOST:PORT/DATABASE"),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The URL of a PostgreSQL database. Wherever it is shown its password is hidden.
#[derive(Clone)]
pub struct PostgresUrl {
    url: Zeroizing<String>,
    shown: String,
}

impl PostgresUrl {
    /// With its password.
    pub(super) fn expose(&self) -> &str {
        &self.url
    }
}

impl std::str::FromStr for PostgresUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match sessrum_postgres::shown(text) {
            Ok(shown) => Ok(Self { url: Zeroizing::new(text.to_owned()), shown }),
            Err(OpenError::WeakMode) => Err("must have the sslmode verify-full, or disable where \
                                             nobody can listen: others would not notice who does"),
            // What other clients take in a URL.
            Err(_) if text.contains("sslrootcert=") => {
                Err("cannot have sslrootcert: name the file in `root_certificate` in [database]")
            }
            Err(_) => Err("must be postgres://USER:PASSWORD@HOST:PORT/DATABASE, in which a \
                           password has %40 for @, %3A for : and %2F for /"),
        }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for PostgresUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for PostgresUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
