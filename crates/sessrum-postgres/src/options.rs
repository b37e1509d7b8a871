use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Connections that read, at most. One more writes.
    pub pool_size: usize,
    /// How long connecting may take, TLS and password included.
    pub connect_timeout: Duration,
    /// How long a statement may take, and how long one waits for the turn to write.
    pub statement_timeout: Duration,
    /// Whether statements are prepared. A pooler that hands out connections by transaction may not
    /// know of prepared statements (PgBouncer before 1.21); without, each is planned anew.
    pub prepared_statements: bool,
    /// A file with the root certificates, in PEM, of which one signed the server's. `None`: those
    /// that the system trusts.
    pub root_certificate: Option<PathBuf>,
}

impl PostgresOptions {
    /// A database with everything else as it is by default: 16 connections that read, 5 s to
    /// connect, 5 s a statement, prepared.
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
            root_certificate: None,
        }
    }
}

impl fmt::Debug for PostgresOptions {
    /// Without the URLs, which hold passwords, and the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("pool_size", &self.pool_size)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("prepared_statements", &self.prepared_statements)
            .field("root_certificate", &self.root_certificate)
            .finish_non_exhaustive()
    }
}
