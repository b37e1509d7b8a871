//! The configuration: defaults, then `sessrum.toml`, then `SESSRUM_…`, then flags.

mod database;
mod database_url;
mod error;
mod log;
mod passwords;
mod read;
mod settings;
mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sessrum_core::{PasswordCost, SecretKey, SessionPolicy};
use sessrum_web::{Origin, TrustedProxies};

pub use database::{Database, DatabaseSettings, PostgresDatabase, WhenRevoked};
pub use database_url::{DatabaseUrl, PostgresUrl};
pub use error::ConfigError;
pub use log::{LogFormat, LogSettings};
pub use read::{Overrides, read};
pub use settings::Settings;
pub use values::{Period, Profile, Secret};
pub(crate) use values::{decode_key, encode_key};

const KEY_OF_ALL: &str = "must be given with PostgreSQL, since every instance needs the same: name a \
                          file in secret_key_file, which `sessrum migrate` makes and you copy to \
                          each; or put 32 random bytes in base64 here, of `openssl rand -base64 32`";

/// A configuration that makes sense as a whole.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where browsers find the site; `None`: at the listening address.
    pub public_url: Option<Origin>,
    /// The proxies in front, whose word is taken.
    pub trusted_proxies: TrustedProxies,
    /// The database.
    pub database: Database,
    /// Where the secret comes from.
    pub secret: SecretSource,
    /// Files with the secrets that were in force before.
    pub earlier_secrets: Vec<PathBuf>,
    /// The rules for sessions.
    pub policy: SessionPolicy,
    /// Bytes that cached sessions may take.
    pub cache_bytes: usize,
    /// The cost of a password.
    pub password_cost: PasswordCost,
    /// How many passwords are hashed at once.
    pub passwords_at_once: usize,
    /// How often activity is written.
    pub flush_activity_every: Duration,
    /// How often what is over is cleaned up.
    pub clean_up_every: Duration,
    /// How long requests on the way may take when the server stops.
    pub shutdown_grace: Duration,
    /// How the log is written.
    pub log: LogSettings,
}

/// Where the installation's secret comes from.
#[derive(Debug)]
pub enum SecretSource {
    /// It stands in the configuration.
    Given(SecretKey),
    /// A file, made with the first tables.
    File(PathBuf),
}

impl Config {
    /// Checks the settings together.
    ///
    /// # Errors
    /// [`ConfigError`] says what to change.
    pub fn from_settings(settings: Settings) -> Result<Self, ConfigError> {
        let listen: SocketAddr = settings.listen.parse().map_err(|_| {
            ConfigError::value("listen", "must be an address and a port, as in 127.0.0.1:8080")
        })?;
        let public_url =
            settings.public_url.as_deref().map(Origin::parse).transpose().map_err(|_| {
                let message = "must look like https://sessions.example.org, without a path";
                ConfigError::value("public_url", message)
            })?;
        let closed =
            listen.ip().is_loopback() && public_url.as_ref().is_none_or(Origin::is_loopback);
        let secure = public_url.as_ref().is_some_and(Origin::is_secure);
        if !closed && !secure && !settings.allow_plain_http {
            return Err(ConfigError::value(
                "public_url",
                "must be https when the server can be reached from other machines: put a proxy \
                 with TLS in front, or set allow_plain_http = true if you know that the network \
                 is safe",
            ));
        }
        if listen.ip().is_unspecified() && public_url.is_none() {
            return Err(ConfigError::value(
                "public_url",
                "must say how browsers reach the server when it listens on every address",
            ));
        }
        let proxies = settings.trusted_proxies.0.iter().map(String::as_str);
        // Which it is is not repeated: a secret may stand in the wrong place.
        let trusted_proxies = TrustedProxies::parse(proxies).map_err(|_| {
            let message = "must be addresses such as 127.0.0.1 or ::1, or networks such as \
                           10.0.0.0/8";
            ConfigError::value("trusted_proxies", message)
        })?;
        let database = Database::of(settings.database_url.clone(), &settings.database)?;
        let secret = match (&settings.secret_key, &settings.secret_key_file) {
            (Some(_), Some(_)) => {
                return Err(ConfigError::value(
                    "secret_key",
                    "and secret_key_file exclude each other: set one",
                ));
            }
            (Some(secret), None) => SecretSource::Given(
                secret.key().map_err(|fault| ConfigError::value("secret_key", fault))?,
            ),
            (None, Some(file)) => SecretSource::File(file.clone()),
            (None, None) => match &database {
                Database::Sqlite(path) => SecretSource::File(beside(path)),
                Database::Postgres(_) => return Err(ConfigError::value("secret_key", KEY_OF_ALL)),
            },
        };
        let password_cost = settings.password.cost(closed)?;
        settings.log.filter()?;
        Ok(Self {
            listen,
            public_url,
            trusted_proxies,
            secret,
            earlier_secrets: settings
                .earlier_secret_key_files
                .0
                .iter()
                .map(PathBuf::from)
                .collect(),
            policy: SessionPolicy {
                throttle: settings.throttle.rules()?,
                keep_clients_for: settings.audit.keep_clients_for.0,
                warn_before_idle: settings.live.warn_before_idle.0,
                warn_before_end: settings.live.warn_before_end.0,
                watches: settings.live.limits(),
                ..settings.session.policy()?
            },
            cache_bytes: settings.cache.bytes,
            password_cost,
            passwords_at_once: settings.password.at_once,
            flush_activity_every: settings
                .jobs
                .flush_activity_every
                .positive("jobs.flush_activity_every")?,
            clean_up_every: settings.jobs.clean_up_every.positive("jobs.clean_up_every")?,
            shutdown_grace: settings.jobs.shutdown_grace.0,
            log: settings.log,
            database,
        })
    }
}

impl Config {
    /// Whether something in front must speak https for the server, and its word is not taken.
    pub(crate) fn trusts_nobody_in_front(&self) -> bool {
        self.public_url.as_ref().is_some_and(Origin::is_secure) && self.trusted_proxies.is_empty()
    }

    /// What is wrong with trusting these proxies, if they are everyone.
    pub(crate) fn trust_warning(&self) -> Option<&'static str> {
        self.trusted_proxies.are_everyone().then_some(
            "trusted_proxies contains every address: whoever sends X-Forwarded-For chooses their \
             own, so wrong passwords slow nobody down and the audit trail has what it is told; name \
             the proxies alone",
        )
    }

    /// Where browsers find a server that listens at `address`.
    ///
    /// # Errors
    /// [`ConfigError`] when the address makes no URL.
    pub fn origin(&self, address: SocketAddr) -> Result<Origin, ConfigError> {
        match &self.public_url {
            Some(url) => Ok(url.clone()),
            None => Origin::parse(&format!("http://{address}"))
                .map_err(|error| ConfigError::value("listen", &error.to_string())),
        }
    }
}

/// The secret of an embedded database stands beside it.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}
