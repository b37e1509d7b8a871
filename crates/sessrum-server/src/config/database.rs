use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sessrum_postgres::{InvalidOption, PostgresOptions, Revocation};

use super::database_url::{DatabaseUrl, PostgresUrl};
use super::error::ConfigError;
use super::values::Period;

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
    /// When the end of a session is acknowledged: `notify`, as soon as it is committed, or `barrier`,
    /// when no other instance lets anybody in by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation: Option<WhenRevoked>,
    /// How long an instance goes by what it has read after it last heard from the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<Period>,
    /// Whether other instances are heard by `NOTIFY`, which engines that speak PostgreSQL's language
    /// may not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifications: Option<bool>,
    /// How often changes are looked for without notifications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<Period>,
    /// A file with the root certificates of the server, in PEM; by default those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_certificate: Option<PathBuf>,
}

/// [`Revocation`] as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenRevoked {
    /// As soon as it is committed.
    Notify,
    /// When no other instance lets anybody in by it.
    Barrier,
}

impl From<WhenRevoked> for Revocation {
    fn from(when: WhenRevoked) -> Self {
        match when {
            WhenRevoked::Notify => Self::Notify,
            WhenRevoked::Barrier => Self::Barrier,
        }
    }
}

impl From<Revocation> for WhenRevoked {
    fn from(revocation: Revocation) -> Self {
        match revocation {
            Revocation::Notify => Self::Notify,
            Revocation::Barrier => Self::Barrier,
        }
    }
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
            revocation: Some(options.revocation.into()),
            lease: Some(Period(options.lease)),
            notifications: Some(options.notifications),
            poll: Some(Period(options.poll)),
            ..self
        }
    }

    pub(super) fn is_unset(&self) -> bool {
        self.any_set().is_none()
    }

    /// A key that is set.
    fn any_set(&self) -> Option<String> {
        toml::Table::try_from(self).ok()?.into_iter().next().map(|(key, _)| key)
    }

    fn options(&self, url: &PostgresUrl) -> Result<PostgresOptions, ConfigError> {
        let mut options = PostgresOptions::new(url.expose());
        options.direct_url = self.direct_url.as_ref().map(|direct| direct.expose().to_owned());
        options.pool_size = self.pool_size.unwrap_or(options.pool_size);
        for (set, time) in [
            (self.connect_timeout, &mut options.connect_timeout),
            (self.statement_timeout, &mut options.statement_timeout),
            (self.lease, &mut options.lease),
            (self.poll, &mut options.poll),
        ] {
            *time = set.map_or(*time, |Period(time)| time);
        }
        options.prepared_statements =
            self.prepared_statements.unwrap_or(options.prepared_statements);
        options.notifications = self.notifications.unwrap_or(options.notifications);
        options.revocation = self.revocation.map_or(options.revocation, Revocation::from);
        options.root_certificate.clone_from(&self.root_certificate);
        options.check().map_err(|InvalidOption { option, must, .. }| {
            ConfigError::value(&format!("database.{option}"), &format!("must {must}"))
        })?;
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
    use std::time::Duration;

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
             connect_timeout = \"1s\"\nstatement_timeout = \"2s\"\nlease = \"3s\"\npoll = \"1s\"\n\
             prepared_statements = false\nnotifications = false\nrevocation = \"barrier\"\n\
             root_certificate = \"root.crt\"",
        );
        assert_eq!(set.direct_url.as_deref(), Some("postgres://u@i/d"));
        assert_eq!((set.pool_size, set.revocation), (3, Revocation::Barrier));
        assert_eq!((set.prepared_statements, set.notifications), (false, false));
        let times = [set.connect_timeout, set.statement_timeout, set.lease, set.poll];
        assert_eq!(times, [1, 2, 3, 1].map(Duration::from_secs));
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
            ("connect_timeout = \"0s\"", "database.connect_timeout must be 1ms to 1h"),
            ("statement_timeout = \"2h\"", "database.statement_timeout must be 500ms to 1h"),
            ("poll = \"0s\"", "database.poll must be 1ms or more, and less than the lease"),
            ("lease = \"100ms\"", "database.lease must be 200ms to 1m"),
            ("lease = \"61s\"", "database.lease must be 200ms to 1m"),
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
            "revocation = \"notify\"",
            "lease = \"2s\"",
        ] {
            assert!(postgres.lines().any(|shown| shown == line), "{line}: {postgres}");
        }
        assert!(!shown("").contains("[database]"));
    }
}
