use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// More than a PostgreSQL server has connections for.
const MOST_CONNECTIONS: usize = 1000;

const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_hours(1);

/// In a shorter one hardly any instance would get its turn to write while others have theirs.
const SHORTEST_STATEMENT: Duration = Duration::from_millis(500);

/// In a shorter one an instance would hardly get an answer; in a longer one nobody would remember who
/// was signed out.
const SHORTEST_LEASE: Duration = Duration::from_millis(200);
pub(crate) const LONGEST_LEASE: Duration = Duration::from_mins(1);

/// Where the database is, and how it is used.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; the directory of a Unix socket as host has each
    /// `/` written `%2F`. Behind the `?` may be `sslmode`: `disable`, or `verify-full`, which
    /// `require` means as well. Without it, this machine is spoken to as it is and any other by TLS.
    pub url: String,
    /// The same database without a pooler in between, for what a pooler that hands out connections
    /// by transaction does not do. `None`: `url` is that already.
    pub direct_url: Option<String>,
    /// The password of URLs that have none.
    pub password: Option<String>,
    /// Connections that read, at most, 1 to 1000. One more writes, and one listens.
    pub pool_size: usize,
    /// How long connecting may take, TLS and password included, 1 ms to 1 hour.
    pub connect_timeout: Duration,
    /// How long a statement may take, and how long one waits for the turn to write behind all other
    /// instances, 500 ms to 1 hour.
    pub statement_timeout: Duration,
    /// Whether statements are prepared. A pooler that hands out connections by transaction may not
    /// know of prepared statements (PgBouncer before 1.21); without, each is planned anew.
    pub prepared_statements: bool,
    /// Whether it hears of other instances, and may go by what it has read. A command that ends soon
    /// does without.
    pub hears: bool,
    /// Whether PostgreSQL tells of changes by `NOTIFY`. Engines that speak its language may not know
    /// of it; without, every instance looks for changes [so often](Self::poll).
    pub notifications: bool,
    /// How often changes are looked for without notifications, 1 ms or more and less than the lease.
    pub poll: Duration,
    /// How long an instance goes by what it has read after it last heard from the database, 200 ms to
    /// 1 minute. No request is let in by a session that another instance ended longer ago.
    pub lease: Duration,
    /// When the end of a session is acknowledged.
    pub revocation: Revocation,
    /// A file with the root certificates, in PEM, of which one signed the server's. `None`: those
    /// that the system trusts.
    pub root_certificate: Option<PathBuf>,
}

impl PostgresOptions {
    /// A database with everything else as it is by default: 16 connections that read, 5 s to
    /// connect, 5 s a statement, prepared, changes by notification, a lease of 2 s.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            direct_url: None,
            password: None,
            pool_size: 16,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
            prepared_statements: true,
            hears: true,
            notifications: true,
            poll: Duration::from_millis(50),
            lease: Duration::from_secs(2),
            revocation: Revocation::Notify,
            root_certificate: None,
        }
    }

    /// Makes sure that every value is one that can be gone by; opening does so as well.
    ///
    /// # Errors
    /// [`InvalidOption`] names one that is not.
    pub fn check(&self) -> Result<(), InvalidOption> {
        let rules = [
            ("pool_size", (1..=MOST_CONNECTIONS).contains(&self.pool_size), "be 1 to 1000"),
            (
                "connect_timeout",
                (SHORTEST..=LONGEST).contains(&self.connect_timeout),
                "be 1ms to 1h",
            ),
            (
                "statement_timeout",
                (SHORTEST_STATEMENT..=LONGEST).contains(&self.statement_timeout),
                "be 500ms to 1h",
            ),
            ("lease", (SHORTEST_LEASE..=LONGEST_LEASE).contains(&self.lease), "be 200ms to 1m"),
            (
                "poll",
                self.poll >= SHORTEST && self.poll < self.lease,
                "be 1ms or more, and less than the lease",
            ),
        ];
        match rules.into_iter().find(|(_, is_kept, _)| !is_kept) {
            Some((option, _, must)) => Err(InvalidOption { option, must }),
            None => Ok(()),
        }
    }
}

/// An option has a value that cannot be gone by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` must {must}")]
#[non_exhaustive]
pub struct InvalidOption {
    /// Its name.
    pub option: &'static str,
    /// What it must do, such as "be 1 to 1000".
    pub must: &'static str,
}

/// When the end of a session, or of what it may do, is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Revocation {
    /// As soon as it is committed. Other instances hear of it within milliseconds as a rule, and after
    /// the [lease](PostgresOptions::lease) at the latest none goes by what was before.
    #[default]
    Notify,
    /// When every instance has heard of it or has lost its lease: from then on none lets anybody in by
    /// the session. Whoever asks for an end that has come already waits as well. When it cannot be known
    /// for a lease which instances there are, the answer is
    /// [`Unavailable`](sessrum_core::store::StoreErrorKind::Unavailable), though the end is committed.
    Barrier,
}

impl fmt::Debug for PostgresOptions {
    /// Without the URLs, which hold passwords, and the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("pool_size", &self.pool_size)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("prepared_statements", &self.prepared_statements)
            .field("hears", &self.hears)
            .field("notifications", &self.notifications)
            .field("poll", &self.poll)
            .field("lease", &self.lease)
            .field("revocation", &self.revocation)
            .field("root_certificate", &self.root_certificate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_gone_by_is_named() {
        type Set = fn(&mut PostgresOptions);
        let wrong: [(&str, Set); 9] = [
            ("pool_size", |options| options.pool_size = 0),
            ("connect_timeout", |options| options.connect_timeout = Duration::ZERO),
            ("statement_timeout", |options| options.statement_timeout = Duration::MAX),
            ("lease", |options| options.lease = Duration::ZERO),
            ("lease", |options| options.lease = LONGEST_LEASE + SHORTEST),
            ("poll", |options| options.poll = Duration::ZERO),
            ("poll", |options| options.poll = options.lease),
            ("statement_timeout", |options| options.statement_timeout = Duration::from_millis(499)),
            ("pool_size", |options| options.pool_size = 1001),
        ];
        let options = PostgresOptions::new("postgres://localhost/app");
        assert_eq!(options.check(), Ok(()));
        let impatient =
            PostgresOptions { statement_timeout: SHORTEST_STATEMENT, ..options.clone() };
        assert_eq!(impatient.check(), Ok(()));
        for (option, set) in wrong {
            let mut options = options.clone();
            set(&mut options);
            assert_eq!(options.check().unwrap_err().option, option);
        }
    }
}
