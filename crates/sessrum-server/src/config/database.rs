use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sessrum_postgres::PostgresOptions;

use super::database_url::{DatabaseUrl, PostgresUrl};
use super::error::ConfigError;
use super::values::Period;

/// More than a PostgreSQL server has connections for.
const MOST_CONNECTIONS: usize = 1000;

const LONGEST_TIMEOUT: Duration = Duration::from_hours(1);

/// How PostgreSQL is used. What is not set has the default.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// The same database without a pooler in between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_url: Option<PostgresUrl>,
    /// A file with the password of URLs that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Connections that read, at most; one more writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_size: Option<usize>,
    /// How long connecting may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<Period>,
    /// How long a statement may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_timeout: Option<Period>,
    /// Whether statements are prepared; not behind a pooler that does not know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepared_statements: Option<bool>,
    /// A file with the root certificates of the server, in PEM; by default those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_certificate: Option<PathBuf>,
}

impl DatabaseSettings {
    /// With what is in force where nothing was set.
    pub(super) fn in_force(self, database: &Database) -> Self {
        let Database::Postgres(PostgresDatabase { options, .. }) = database else { return self };
        Self {
            pool_size: Some(options.pool_size),
            connect_timeout: Some(Period(options.connect_timeout)),
            statement_timeout: Some(Period(options.statement_timeout)),
            prepared_statements: Some(options.prepared_statements),
            ..self
        }
    }

    pub(super) fn is_unset(&self) -> bool {
        self.any_set().is_none()
    }

    /// A key that is set.
    fn any_set(&self) -> Option<&'static str> {
        let keys = [
            ("direct_url", self.direct_url.is_some()),
            ("password_file", self.password_file.is_some()),
            ("pool_size", self.pool_size.is_some()),
            ("connect_timeout", self.connect_timeout.is_some()),
            ("statement_timeout", self.statement_timeout.is_some()),
            ("prepared_statements", self.prepared_statements.is_some()),
            ("root_certificate", self.root_certificate.is_some()),
        ];
        keys.into_iter().find_map(|(key, is_set)| is_set.then_some(key))
    }

    fn options(&self, url: &PostgresUrl) -> Result<PostgresOptions, ConfigError> {
        let mut options = PostgresOptions::new(url.expose());
        options.direct_url = self.direct_url.as_ref().map(|direct| direct.expose().to_owned());
        options.pool_size = self.pool_size.unwrap_or(options.pool_size);
        if !(1..=MOST_CONNECTIONS).contains(&options.pool_size) {
            let message = format!("must be 1 to {MOST_CONNECTIONS}");
            return Err(ConfigError::value("database.pool_size", &message));
        }
        let timeout = |key, set: Option<Period>, default| {
            let timeout = set.unwrap_or(Period(default)).positive(key)?;
            if timeout > LONGEST_TIMEOUT {
                return Err(ConfigError::value(key, "must be an hour at most"));
            }
            Ok(timeout)
        };
        let key = "database.connect_timeout";
        options.connect_timeout = timeout(key, self.connect_timeout, options.connect_timeout)?;
        let key = "database.statement_timeout";
        options.statement_timeout =
            timeout(key, self.statement_timeout, options.statement_timeout)?;
        options.prepared_statements =
            self.prepared_statements.unwrap_or(options.prepared_statements);
        options.root_certificate.clone_from(&self.root_certificate);
        Ok(options)
    }
}

/// The database and how it is used.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(PostgresDatabase),
}

/// A database on a PostgreSQL server.
#[derive(Clone, Debug)]
pub struct PostgresDatabase {
    /// How it is used; without the password that stands in a file.
    pub(crate) options: PostgresOptions,
    pub(crate) password_file: Option<PathBuf>,
    shown: String,
}

impl Database {
    pub(super) fn of(url: DatabaseUrl, settings: &DatabaseSettings) -> Result<Self, ConfigError> {
        match (url, settings.any_set()) {
            (DatabaseUrl::Sqlite(_), Some(key)) => {
                let message = "is for PostgreSQL, and database_url names SQLite: leave it out";
                Err(ConfigError::value(&format!("database.{key}"), message))
            }
            (DatabaseUrl::Sqlite(path), None) => Ok(Self::Sqlite(path)),
            (DatabaseUrl::Postgres(url), _) => Ok(Self::Postgres(PostgresDatabase {
                options: settings.options(&url)?,
                password_file: settings.password_file.clone(),
                shown: url.to_string(),
            })),
        }
    }
}

impl fmt::Display for Database {
    /// Its URL, as it may be shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(database) => f.write_str(&database.shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Settings};

    const KEY: &str = "secret_key_file = \"k\"\ndatabase_url = \"postgres://u:hunter2@h/d\"\n";

    fn read(file: &str) -> (Settings, Config) {
        let settings: Settings = toml::from_str(file).unwrap();
        (settings.clone(), Config::from_settings(settings).unwrap())
    }

    fn options(file: &str) -> PostgresOptions {
        match read(&format!("{KEY}{file}")).1.database {
            Database::Postgres(database) => database.options,
            Database::Sqlite(_) => panic!("SQLite"),
        }
    }

    #[test]
    fn postgresql_is_used_as_it_is_set_and_else_by_default() {
        assert_eq!(options(""), PostgresOptions::new("postgres://u:hunter2@h/d"));
        let set = options(
            "[database]\ndirect_url = \"postgres://u@i/d\"\npool_size = 3\n\
             connect_timeout = \"1s\"\nstatement_timeout = \"2s\"\nprepared_statements = false\n\
             root_certificate = \"root.crt\"",
        );
        assert_eq!(set.direct_url.as_deref(), Some("postgres://u@i/d"));
        assert_eq!((set.pool_size, set.prepared_statements), (3, false));
        let timeouts = [set.connect_timeout, set.statement_timeout];
        assert_eq!(timeouts, [1, 2].map(Duration::from_secs));
        assert_eq!(set.root_certificate, Some("root.crt".into()));
    }

    /// Security: 16.2.5
    #[test]
    fn no_password_of_a_url_is_shown() {
        let direct = "[database]\ndirect_url = \"postgres://u:hunter2@i/d?password=hunter2\"";
        let (settings, config) = read(&format!("{KEY}{direct}"));
        let printed = toml::to_string(&settings.clone().in_force(&config)).unwrap();
        let shown = format!("{settings:?}{config:?}{}{printed}", config.database);
        assert!(!shown.contains("hunter2"), "{shown}");
        let hidden = shown.matches("postgres://u:(hidden)@i/d?password=(hidden)");
        assert_eq!(hidden.count(), 2, "{shown}");
    }

    #[test]
    fn bad_values_say_what_they_must_be() {
        for (line, wanted) in [
            ("pool_size = 0", "database.pool_size must be 1 to 1000"),
            ("connect_timeout = \"0s\"", "database.connect_timeout must be more than nothing"),
            ("statement_timeout = \"2h\"", "database.statement_timeout must be an hour at most"),
        ] {
            let settings = toml::from_str(&format!("{KEY}[database]\n{line}")).unwrap();
            let error = Config::from_settings(settings).unwrap_err().to_string();
            assert!(error.contains(wanted), "{line}: {error}");
        }
    }

    #[test]
    fn what_is_in_force_is_shown_of_postgresql_alone() {
        let shown = |file: &str| {
            let (settings, config) = read(file);
            toml::to_string(&settings.in_force(&config)).unwrap()
        };
        let postgres = shown(KEY);
        for line in [
            "pool_size = 16",
            "connect_timeout = \"5s\"",
            "statement_timeout = \"5s\"",
            "prepared_statements = true",
        ] {
            assert!(postgres.lines().any(|shown| shown == line), "{line}: {postgres}");
        }
        assert!(!shown("").contains("[database]"));
    }
}
