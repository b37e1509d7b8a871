use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::error::ConfigError;

/// How the log is written, to standard error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug`, `trace`, or by part as in `info,sessrum_web=debug`.
    pub level: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

impl LogSettings {
    pub(crate) fn filter(&self) -> Result<Targets, ConfigError> {
        // Whether migrations were applied is told in one line of our own.
        let mut filter = Targets::new().with_target("refinery_core", LevelFilter::WARN);
        for part in self.level.split(',') {
            let (name, level) = part.split_once('=').unwrap_or(("", part));
            let level = level_of(level).ok_or_else(unknown)?;
            filter = match name.trim() {
                "" if part.contains('=') => return Err(unknown()),
                "" => filter.with_default(level),
                name if name.contains(is_no_name) => return Err(unknown()),
                name => filter.with_target(name, level),
            };
        }
        Ok(filter)
    }
}

/// An empty text would be a level for the library.
fn level_of(text: &str) -> Option<LevelFilter> {
    Some(text.trim()).filter(|text| !text.is_empty())?.parse().ok()
}

fn is_no_name(character: char) -> bool {
    !character.is_alphanumeric() && !"_-:".contains(character)
}

fn unknown() -> ConfigError {
    let message = "must be error, warn, info, debug or trace, or by part as in \
                   info,sessrum_web=debug";
    ConfigError::value("log.level", message)
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}
