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
        // A word that is no level would be taken for the name of a part.
        let known = |part: &str| part.contains('=') || part.parse::<LevelFilter>().is_ok();
        let parts: Vec<&str> = self.level.split(',').map(str::trim).collect();
        // Whether migrations were applied is told in one line of our own.
        let filter = format!("refinery_core=warn,{}", parts.join(",")).parse::<Targets>();
        filter.ok().filter(|_| parts.into_iter().all(known)).ok_or_else(|| {
            let message = "must be error, warn, info, debug or trace, or by part as in \
                           info,sessrum_web=debug";
            ConfigError::value("log.level", message)
        })
    }
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
