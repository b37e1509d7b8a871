use std::ffi::OsString;
use std::path::PathBuf;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{path} is no TOML: {message}", path = .path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where and why; shows no value.
        message: String,
    },
    /// An environment variable is no text.
    #[error("the environment's {name} must be UTF-8", name = .name.display())]
    Environment {
        /// Which.
        name: OsString,
    },
    /// A key is not known.
    #[error("the configuration has no key \"{key}\"{}", nearest.as_ref().map(|n| format!(": did you mean \"{n}\"?")).unwrap_or_default())]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest known one.
        nearest: Option<String>,
    },
    /// A flag does not do.
    #[error("--{flag} {message}")]
    Flag {
        /// The flag.
        flag: String,
        /// What it must be.
        message: String,
    },
    /// A value does not do.
    #[error("the configuration's {key} {message}")]
    Value {
        /// The key.
        key: String,
        /// What it must be.
        message: String,
    },
}

impl ConfigError {
    pub(crate) fn flag(flag: &str, message: &str) -> Self {
        Self::Flag { flag: flag.to_owned(), message: message.to_owned() }
    }

    pub(super) fn value(key: &str, message: &str) -> Self {
        Self::Value { key: key.to_owned(), message: message.to_owned() }
    }
}
