use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sessrum_core::{DEFAULT_CACHE_BYTES, FingerprintMode, Lifetime, SessionPolicy, WatchLimits};

use super::database::DatabaseSettings;
use super::database_url::DatabaseUrl;
use super::error::ConfigError;
use super::log::LogSettings;
use super::passwords::{PasswordSettings, ThrottleSettings};
use super::values::{List, Period, Profile, Secret};
use super::{Config, SecretSource};

/// Every key of `sessrum.toml`, as it is written there.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Address and port to listen on.
    pub listen: String,
    /// The URL that browsers see; by default `http://` and the listening address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    pub database_url: DatabaseUrl,
    /// 32 random bytes in base64. Better in a file, see `secret_key_file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Secret>,
    /// A file with the secret, made with the first tables; by default beside an SQLite database, as
    /// `….key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_file: Option<PathBuf>,
    /// Files with secrets that were in force before, as in `["old.key"]`: what was made under them
    /// stays good.
    pub earlier_secret_key_files: List,
    /// Addresses and networks of the proxies in front, as in `["127.0.0.1", "10.0.0.0/8"]`: what
    /// they say of the client's address and scheme is believed.
    pub trusted_proxies: List,
    /// Serve plain http to other machines all the same.
    pub allow_plain_http: bool,
    /// How PostgreSQL is used.
    #[serde(skip_serializing_if = "DatabaseSettings::is_unset")]
    pub database: DatabaseSettings,
    /// Rules for sessions.
    pub session: SessionSettings,
    /// Cost of passwords.
    pub password: PasswordSettings,
    /// How often passwords may be tried.
    pub throttle: ThrottleSettings,
    /// The audit trail.
    pub audit: AuditSettings,
    /// Sessions that are kept in memory.
    pub cache: CacheSettings,
    /// Open pages that follow their session.
    pub live: LiveSettings,
    /// What runs in the background.
    pub jobs: JobSettings,
    /// The log.
    pub log: LogSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: None,
            database_url: DatabaseUrl::Sqlite(PathBuf::from("sessrum.db")),
            secret_key: None,
            secret_key_file: None,
            earlier_secret_key_files: List::default(),
            trusted_proxies: List::default(),
            allow_plain_http: false,
            database: DatabaseSettings::default(),
            session: SessionSettings::default(),
            password: PasswordSettings::default(),
            throttle: ThrottleSettings::default(),
            audit: AuditSettings::default(),
            cache: CacheSettings::default(),
            live: LiveSettings::default(),
            jobs: JobSettings::default(),
            log: LogSettings::default(),
        }
    }
}

impl Settings {
    /// With what is in force where nothing was set.
    #[must_use]
    pub fn in_force(mut self, config: &Config) -> Self {
        let lifetime = config.policy.lifetime;
        self.session.idle = Some(Period(lifetime.idle));
        self.session.absolute = Some(Period(lifetime.absolute));
        self.database = self.database.in_force(&config.database);
        if let SecretSource::File(path) = &config.secret {
            self.secret_key_file = Some(path.clone());
        }
        // Port 0 is known when it is taken.
        if config.listen.port() != 0 {
            self.public_url = config.origin(config.listen).ok().map(|origin| origin.to_string());
        }
        self
    }
}

/// The rules for sessions. Times are written as `30m`, `12h`, `14d`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionSettings {
    /// `relaxed`, `standard` or `strict`: the idle and absolute times of a sign-in.
    pub profile: Profile,
    /// Idle time, in place of the profile's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Period>,
    /// Absolute time, in place of the profile's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absolute: Option<Period>,
    /// Idle time of a sign-in that asked to be remembered.
    pub remembered_idle: Period,
    /// Absolute time of a sign-in that asked to be remembered.
    pub remembered_absolute: Period,
    /// How long an authentication counts as fresh.
    pub fresh_for: Period,
    /// Age at which a token in use is replaced; `0s` never.
    pub rotate_every: Period,
    /// Sessions a user may have at once.
    pub per_user: usize,
    /// How long rows of ended sessions are kept.
    pub keep_ended_for: Period,
    /// Bytes of data a session may hold.
    pub data_bytes: usize,
    /// `off`, `observe` or `enforce`.
    pub fingerprint: Fingerprint,
}

/// [`FingerprintMode`] as it is written.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fingerprint {
    /// Nothing is kept or compared.
    Off,
    /// A mismatch is recorded.
    Observe,
    /// A mismatch ends the session.
    Enforce,
}

impl Default for SessionSettings {
    fn default() -> Self {
        let policy = SessionPolicy::default();
        Self {
            profile: Profile::Standard,
            idle: None,
            absolute: None,
            remembered_idle: Period(policy.remembered_lifetime.idle),
            remembered_absolute: Period(policy.remembered_lifetime.absolute),
            fresh_for: Period(policy.fresh_for),
            rotate_every: Period(policy.rotate_every.unwrap_or_default()),
            per_user: policy.sessions_per_user,
            keep_ended_for: Period(policy.keep_ended_for),
            data_bytes: policy.data_bytes_per_session,
            fingerprint: Fingerprint::Observe,
        }
    }
}

impl SessionSettings {
    pub(super) fn policy(&self) -> Result<SessionPolicy, ConfigError> {
        let profile = self.profile.lifetime();
        let ordinary = lifetime(
            ("session.idle", self.idle.unwrap_or(Period(profile.idle))),
            ("session.absolute", self.absolute.unwrap_or(Period(profile.absolute))),
        )?;
        let remembered = lifetime(
            ("session.remembered_idle", self.remembered_idle),
            ("session.remembered_absolute", self.remembered_absolute),
        )?;
        if self.per_user == 0 {
            return Err(ConfigError::value("session.per_user", "must be at least 1"));
        }
        let rotate_every = self.rotate_every.0;
        Ok(SessionPolicy {
            lifetime: ordinary,
            remembered_lifetime: remembered,
            fresh_for: self.fresh_for.positive("session.fresh_for")?,
            rotate_every: (rotate_every > Duration::ZERO).then_some(rotate_every),
            sessions_per_user: self.per_user,
            keep_ended_for: self.keep_ended_for.0,
            data_bytes_per_session: self.data_bytes,
            fingerprint: match self.fingerprint {
                Fingerprint::Off => FingerprintMode::Off,
                Fingerprint::Observe => FingerprintMode::Observe,
                Fingerprint::Enforce => FingerprintMode::Enforce,
            },
            ..SessionPolicy::default()
        })
    }
}

/// The lifetime that two keys set, or the profile in their place.
fn lifetime(
    (idle_key, idle): (&str, Period),
    (absolute_key, absolute): (&str, Period),
) -> Result<Lifetime, ConfigError> {
    let idle = idle.positive(idle_key)?;
    let absolute = absolute.positive(absolute_key)?;
    if idle > absolute {
        let message = format!(
            "must not be longer than {absolute_key}: set both, since what is not set has its \
             default or the profile's value"
        );
        return Err(ConfigError::value(idle_key, &message));
    }
    Ok(Lifetime { idle, absolute })
}

/// The audit trail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSettings {
    /// How long events keep addresses and user agents in full; older ones have the network and the
    /// device's name.
    pub keep_clients_for: Period,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { keep_clients_for: Period(SessionPolicy::default().keep_clients_for) }
    }
}

/// Sessions that are kept in memory, so that most requests ask no database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSettings {
    /// Bytes that they may take, some 740 each; 0 keeps none.
    pub bytes: usize,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { bytes: DEFAULT_CACHE_BYTES }
    }
}

/// Open pages that follow their session.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LiveSettings {
    /// How long before the idle end pages warn; at most half of the idle time.
    pub warn_before_idle: Period,
    /// How long before the absolute end pages warn; at most half of the absolute time.
    pub warn_before_end: Period,
    /// Event streams that may be open at once.
    pub streams: usize,
    /// Event streams that one session may have open at once.
    pub streams_per_session: usize,
}

impl Default for LiveSettings {
    fn default() -> Self {
        let policy = SessionPolicy::default();
        Self {
            warn_before_idle: Period(policy.warn_before_idle),
            warn_before_end: Period(policy.warn_before_end),
            streams: policy.watches.total,
            streams_per_session: policy.watches.per_session,
        }
    }
}

impl LiveSettings {
    pub(super) const fn limits(&self) -> WatchLimits {
        WatchLimits { total: self.streams, per_session: self.streams_per_session }
    }
}

/// What runs in the background.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobSettings {
    /// How often activity is written: what a crash may lose of it.
    pub flush_activity_every: Period,
    /// How often what is over is ended and what ended long ago is removed.
    pub clean_up_every: Period,
    /// How long requests on the way may take when the server stops.
    pub shutdown_grace: Period,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            flush_activity_every: Period(Duration::from_secs(1)),
            clean_up_every: Period(Duration::from_mins(1)),
            shutdown_grace: Period(Duration::from_secs(30)),
        }
    }
}
