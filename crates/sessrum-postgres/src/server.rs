//! Where the database is, and the ways there.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::connection::Connections;
use crate::error::Error;
use crate::hosts::{Hosts, Tls};
use crate::open_error::OpenError;
use crate::options::PostgresOptions;

/// An idle connection is asked so often whether it is still there, before anything in between may
/// have forgotten it.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// A server that ends a statement by itself is let do so: its answer leaves the connection whole.
pub(crate) const GRACE: Duration = Duration::from_millis(500);

/// A database on a server.
pub(crate) struct Server {
    config: Config,
    pub(crate) hosts: Hosts,
    connect_timeout: Duration,
    /// How long a statement may take.
    pub(crate) statement_timeout: Duration,
    is_prepared: bool,
    /// Whether a pooler may lend its connections to anybody next: nothing is set on them.
    pub(crate) is_lent: bool,
    /// What messages call it.
    pub(crate) name: String,
}

impl Server {
    /// The server of a URL, which is `options.url` or the direct one.
    pub(crate) fn of(url: &str, options: &PostgresOptions) -> Result<Self, OpenError> {
        options.check()?;
        let (mut config, is_secured) = parse(url)?;
        if let (None, Some(password)) = (config.get_password(), &options.password) {
            config.password(password);
        }
        config.ssl_mode(if is_secured { SslMode::Require } else { SslMode::Disable });
        if config.get_hosts().len() > 1 {
            // The one that takes writes: a standby has not heard of everything.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        config.connect_timeout(options.connect_timeout);
        config.keepalives_idle(KEEPALIVE);
        config.tcp_user_timeout(options.statement_timeout.saturating_mul(2));
        if config.get_application_name().is_none() {
            config.application_name("sessrum");
        }
        let roots = match &options.root_certificate {
            _ if !is_secured => RootCertStore::empty(),
            Some(path) => roots_in(path)?,
            None => roots_of_the_system(),
        };
        let name = name(&config);
        Ok(Self {
            hosts: Hosts::new(&config, tls(roots, &name)?, options.connect_timeout),
            config,
            connect_timeout: options.connect_timeout,
            statement_timeout: options.statement_timeout,
            is_prepared: options.prepared_statements,
            is_lent: match &options.direct_url {
                Some(direct) => direct != url,
                // Who needs no notifications may have no other way than by a pooler.
                None => !options.notifications,
            },
            name,
        })
    }

    /// A connection of one's own. Whoever asks for it drives it, too.
    pub(crate) async fn connect(&self) -> Result<(Client, Connection<Socket, Tls>), Error> {
        let connecting = timeout(self.connect_timeout, self.hosts.connect());
        Ok(connecting.await.map_err(|_| Error::TimedOut)??)
    }

    /// At most so many connections, on which a statement may take so long. Unless they are lent, the
    /// server itself ends one that takes longer: it would not notice that nobody waits for it any more.
    pub(crate) fn connections(
        &self,
        most: usize,
        limit: Duration,
    ) -> Result<Connections, OpenError> {
        let patience = limit.saturating_add(GRACE);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(self.config.clone(), self.hosts.clone(), recycling);
        let timeouts = Timeouts {
            wait: Some(patience),
            create: Some(self.connect_timeout),
            recycle: Some(self.connect_timeout),
        };
        let mut pool = Pool::builder(manager);
        if !self.is_lent {
            let (command, soon): (Arc<str>, _) = (set_limit(limit).into(), self.connect_timeout);
            pool = pool.post_create(Hook::async_fn(move |client, _| {
                let command = Arc::clone(&command);
                Box::pin(async move {
                    let set = timeout(soon, client.batch_execute(&command));
                    let is_set = set.await.map_err(|_| HookError::message("no answer in time"))?;
                    is_set.map_err(HookError::Backend)
                })
            }));
        }
        let pool = pool
            .max_size(most)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| OpenError::failed(&self.name, error))?;
        Ok(Connections::new(pool, self.is_prepared, patience))
    }
}

/// The command by which the server ends each statement of a connection that takes longer; without a
/// limit none, whatever is set for the role.
pub(crate) fn set_limit(limit: Duration) -> String {
    let milliseconds = i32::try_from(limit.as_millis()).unwrap_or_default();
    format!("SET statement_timeout = {milliseconds}")
}

/// What a URL says, and whether it asks for TLS.
pub(crate) fn parse(url: &str) -> Result<(Config, bool), OpenError> {
    let (url, mode) = without_sslmode(url).ok_or(OpenError::InvalidUrl)?;
    // What is wrong is not told: it might be a piece of the password.
    let config: Config = url.parse().map_err(|_| OpenError::InvalidUrl)?;
    let is_misread = names(&config).any(|host| host.contains('@'))
        || config.get_user().is_some_and(|user| user.contains(['/', '?']));
    let hosts = config.get_hosts().len();
    let fits = |given: usize, for_all: usize| given <= for_all || given == hosts;
    if hosts == 0
        || !fits(config.get_ports().len(), 1)
        || !fits(config.get_hostaddrs().len(), 0)
        || is_misread
    {
        return Err(OpenError::InvalidUrl);
    }
    let is_secured = match mode {
        None => !stays_here(&config),
        Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => true,
        Some(_) => return Err(OpenError::WeakMode),
    };
    Ok((config, is_secured))
}

/// The URL without its `sslmode`, which the client knows less of, and that mode. `None` for what is
/// no URL of a PostgreSQL database.
fn without_sslmode(url: &str) -> Option<(String, Option<&str>)> {
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return None;
    }
    // A password may have a question mark.
    let host = url.find('@').unwrap_or(0);
    let (place, query) = url.split_at(url.get(host..)?.find('?').map_or(url.len(), |at| host + at));
    let (mut rest, mut mode) = (place.to_owned(), None);
    let pairs = query.strip_prefix('?').unwrap_or_default().split('&');
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        if let Some(value) = pair.strip_prefix("sslmode=") {
            mode = Some(value);
        } else {
            let joint = if rest.len() == place.len() { '?' } else { '&' };
            write!(rest, "{joint}{pair}").ok()?;
        }
    }
    Some((rest, mode))
}

fn names(config: &Config) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.into(),
        #[cfg(unix)]
        Host::Unix(path) => path.to_string_lossy(),
    })
}

/// Whether what is sent stays on this machine. An address is gone to whatever the host is called.
fn stays_here(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn name(config: &Config) -> String {
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    let mut ports = config.get_ports().iter().cycle();
    let places: Vec<String> = names(config)
        .map(|host| ports.next().map_or_else(|| host.to_string(), |port| format!("{host}:{port}")))
        .collect();
    format!("database {database} at {}", places.join(", "))
}

fn roots_in(path: &Path) -> Result<RootCertStore, OpenError> {
    let unreadable = |error: &dyn std::fmt::Display| OpenError::RootCertificate {
        path: path.to_owned(),
        source: error.to_string().into(),
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() { Err(unreadable(&"it has no certificate")) } else { Ok(roots) }
}

/// What the system trusts, as far as it can be read. With nothing no server is trusted.
fn roots_of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn tls(roots: RootCertStore, name: &str) -> Result<MakeRustlsConnect, OpenError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::failed(name, error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Server {
        Server::of(url, &PostgresOptions::new(url)).unwrap()
    }

    #[test]
    fn only_this_machine_is_spoken_to_as_it_is() {
        let is_secured = |url| server(url).config.get_ssl_mode() == SslMode::Require;
        for here in [
            "postgres://localhost/app",
            "postgres://ada:p?ss@127.0.0.1:5433/app",
            "postgresql://[::1]/app",
            "postgres://%2Fvar%2Frun%2Fpostgresql/app",
            "postgres://localhost/app?hostaddr=127.0.0.1",
            "postgres://db.example/app?sslmode=disable",
            "postgres://db.example/app?application_name=x&sslmode=disable&connect_timeout=3",
        ] {
            assert!(!is_secured(here), "{here}");
        }
        for elsewhere in [
            "postgres://db.example/app",
            "postgres://192.0.2.1/app",
            "postgres://localhost,db.example/app",
            "postgres://localhost/app?hostaddr=203.0.113.5",
            "postgres://localhost,127.0.0.1/app?hostaddr=127.0.0.1,203.0.113.5",
            "postgres://%2Frun%2Fpostgresql/app?hostaddr=203.0.113.5",
            "postgres://localhost/app?sslmode=verify-full",
            "postgres://localhost/app?sslmode=require&application_name=x",
        ] {
            assert!(is_secured(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn other_options_are_postgresqls_own() {
        let config = server("postgres://ada@h/app?sslmode=disable&application_name=shop").config;
        assert_eq!(config.get_application_name(), Some("shop"));
        let config = server("postgres://ada@h/app?sslmode=disable").config;
        assert_eq!(config.get_application_name(), Some("sessrum"));
    }

    #[test]
    fn of_several_servers_one_must_take_writes() {
        for url in ["postgres://a,b/app", "postgres://a,b/app?target_session_attrs=any"] {
            let attributes = server(url).config.get_target_session_attrs();
            assert_eq!(attributes, TargetSessionAttrs::ReadWrite);
        }
    }

    #[test]
    fn a_database_is_called_by_name_and_place() {
        let names = [
            ("postgres://ada:secret@db.example/app", "database app at db.example:5432"),
            ("postgres://ada:secret@[::1]:99", "database ada at ::1:99"),
            ("postgres://a:1,b:2/app", "database app at a:1, b:2"),
        ];
        for (url, name) in names {
            assert_eq!(server(url).name, name);
        }
    }
}
