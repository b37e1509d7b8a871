//! The servers that one URL names, and the connection to the first of them that can be had.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use sessrum_core::{Clock as _, SystemClock};
use tokio::net::lookup_host;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, LoadBalanceHosts, TargetSessionAttrs};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// They are tried one after the other, and so are the addresses of a name: first the one that was there
/// the last time, or the next one each time.
#[derive(Clone)]
pub(crate) struct Hosts {
    /// Of one host alone each.
    all: Arc<[Config]>,
    tls: MakeRustlsConnect,
    /// How long the caller waits.
    limit: Duration,
    /// The number of the host to begin with.
    begin: Arc<AtomicUsize>,
    /// The address of it to begin with, if it has several.
    address: Arc<Mutex<Option<IpAddr>>>,
    /// Whether each connection begins with another.
    is_balanced: bool,
}

impl Hosts {
    pub(crate) fn new(config: &Config, tls: MakeRustlsConnect, limit: Duration) -> Self {
        Self {
            all: (0..config.get_hosts().len()).map(|at| alone(config, at)).collect(),
            tls,
            limit,
            begin: Arc::default(),
            address: Arc::default(),
            is_balanced: config.get_load_balance_hosts() == LoadBalanceHosts::Random,
        }
    }

    pub(crate) async fn connect(&self) -> Result<(Client, Connection<Socket, Tls>), Error> {
        self.connect_by(async |name, port| {
            Ok(lookup_host((name, port)).await?.map(|address| address.ip()).collect())
        })
        .await
    }

    /// A connection to one of them. Each has an equal share of the time that is left, since the client
    /// itself waits without end for one that has taken a connection. The last has as long as the caller
    /// waits.
    async fn connect_by(
        &self,
        look_up: impl AsyncFn(String, u16) -> io::Result<Vec<IpAddr>>,
    ) -> Result<(Client, Connection<Socket, Tls>), Error> {
        let until = SystemClock.uptime().saturating_add(self.limit);
        let begin = self.begin.fetch_add(usize::from(self.is_balanced), Ordering::Relaxed);
        let mut next: VecDeque<(usize, Config)> = self.all.iter().cloned().enumerate().collect();
        next.rotate_left(begin.checked_rem(self.all.len()).unwrap_or(0));
        // What a server has said says more than that another is not there.
        let mut refusal = None;
        loop {
            // Where none is left it is one without an address, and the client says so at once.
            let (number, host) = next.pop_front().unwrap_or_default();
            let others = u32::try_from(next.len()).unwrap_or(u32::MAX);
            let left = until.saturating_sub(SystemClock.uptime());
            let share = match (others, &refusal) {
                (0, None) => Duration::MAX,
                (0, Some(_)) => left / 2,
                _ => left / others.saturating_add(1),
            };
            if let Some((name, port)) = to_look_up(&host) {
                let Ok(found) = timeout(share, look_up(name, port)).await else { continue };
                let found = self.in_turn(found.unwrap_or_default(), begin);
                for address in found.iter().rev() {
                    let mut candidate = host.clone();
                    candidate.hostaddr(*address);
                    if found.len() > 1 {
                        // As of several hosts: one that lets in and then hangs is none.
                        candidate.target_session_attrs(TargetSessionAttrs::ReadWrite);
                    }
                    next.push_front((number, candidate));
                }
                if !found.is_empty() || others > 0 {
                    continue;
                }
                // The client says why the last one has none.
            }
            match timeout(share, host.connect(self.tls.clone())).await {
                Ok(Ok(connected)) => {
                    self.was_there(number, &host);
                    return Ok(connected);
                }
                Ok(Err(error)) if others == 0 => return Err(refusal.unwrap_or(error)),
                Ok(Err(error)) if refusal.is_none() && error.as_db_error().is_some() => {
                    refusal = Some(error);
                }
                _ => {}
            }
        }
    }

    /// The addresses of a name, in the order in which they are tried.
    fn in_turn(&self, mut addresses: Vec<IpAddr>, begin: usize) -> Vec<IpAddr> {
        if self.is_balanced {
            // Another one when all hosts have had their turn.
            let turn = begin.checked_div(self.all.len()).unwrap_or(0);
            let first = turn.checked_rem(addresses.len()).unwrap_or(0);
            addresses.rotate_left(first);
        } else {
            let last = *self.address.lock().unwrap_or_else(PoisonError::into_inner);
            addresses.sort_by_key(|address| Some(*address) != last);
        }
        addresses
    }

    fn was_there(&self, number: usize, host: &Config) {
        if !self.is_balanced {
            self.begin.store(number, Ordering::Relaxed);
            *self.address.lock().unwrap_or_else(PoisonError::into_inner) =
                host.get_hostaddrs().first().copied();
        }
    }
}

/// The name and the port of a host whose address is not known.
fn to_look_up(host: &Config) -> Option<(String, u16)> {
    match (host.get_hosts(), host.get_hostaddrs()) {
        ([Host::Tcp(name)], []) => {
            Some((name.clone(), host.get_ports().first().copied().unwrap_or(5432)))
        }
        _ => None,
    }
}

/// The settings, for one of the hosts: the client has no way to take the others out.
fn alone(all: &Config, at: usize) -> Config {
    let mut config = Config::new();
    match all.get_hosts().get(at) {
        Some(Host::Tcp(name)) => config.host(name),
        #[cfg(unix)]
        Some(Host::Unix(path)) => config.host_path(path),
        None => &mut config,
    };
    if let Some(address) = all.get_hostaddrs().get(at) {
        config.hostaddr(*address);
    }
    if let Some(port) = all.get_ports().get(at).or_else(|| all.get_ports().first()) {
        config.port(*port);
    }
    if let Some(user) = all.get_user() {
        config.user(user);
    }
    if let Some(password) = all.get_password() {
        config.password(password);
    }
    if let Some(database) = all.get_dbname() {
        config.dbname(database);
    }
    if let Some(options) = all.get_options() {
        config.options(options);
    }
    if let Some(name) = all.get_application_name() {
        config.application_name(name);
    }
    if let Some(limit) = all.get_connect_timeout() {
        config.connect_timeout(*limit);
    }
    if let Some(limit) = all.get_tcp_user_timeout() {
        config.tcp_user_timeout(*limit);
    }
    if let Some(interval) = all.get_keepalives_interval() {
        config.keepalives_interval(interval);
    }
    if let Some(retries) = all.get_keepalives_retries() {
        config.keepalives_retries(retries);
    }
    config
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .target_session_attrs(all.get_target_session_attrs())
        .load_balance_hosts(all.get_load_balance_hosts());
    config
}

impl Connect for Hosts {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(async {
            let (client, connection) = self.connect().await?;
            // Whoever uses the client is told of an error; of an idle one nobody need be.
            let driver = tokio::spawn(async { drop(connection.await) });
            Ok((client, driver))
        })
    }
}

#[cfg(test)]
mod tests {
    use sessrum_testbed::{Database, Postgres};
    use tokio::net::TcpListener;

    use super::*;
    use crate::PostgresOptions;
    use crate::server::Server;

    const LIMIT: Duration = Duration::from_secs(2);

    /// Names here are made of the addresses they stand for.
    async fn look_up(name: String, _: u16) -> io::Result<Vec<IpAddr>> {
        match name.as_str() {
            "unknown.invalid" => Err(io::ErrorKind::NotFound.into()),
            "unanswered.invalid" => std::future::pending().await,
            addresses => Ok(addresses.split('-').map(|one| one.parse().unwrap()).collect()),
        }
    }

    /// Hosts of these names, all at the port of a database that is at 127.0.0.1.
    async fn hosts(names: &str) -> (Hosts, Database) {
        let database = Postgres::shared().await.database().await;
        let there = database.address();
        let all: Vec<_> = names.split(',').map(|name| format!("{name}:{}", there.port())).collect();
        let url = database.url().replace(&there.to_string(), &all.join(",")) + "?sslmode=disable";
        let mut options = PostgresOptions::new(&url);
        options.connect_timeout = LIMIT;
        (Server::of(&url, &options).unwrap().hosts, database)
    }

    /// Who takes connections there and says nothing.
    async fn silent(address: &str, database: &Database) -> TcpListener {
        TcpListener::bind((address, database.address().port())).await.unwrap()
    }

    #[tokio::test]
    async fn an_address_or_a_name_that_is_silent_keeps_nobody_from_the_next() {
        for names in [
            "127.0.0.2-127.0.0.1",
            "127.0.0.2,127.0.0.2-127.0.0.1",
            "127.0.0.2-127.0.0.1,127.0.0.2",
            "unknown.invalid,127.0.0.1",
            "unanswered.invalid,127.0.0.1",
        ] {
            let (hosts, database) = hosts(names).await;
            let _silent = silent("127.0.0.2", &database).await;
            let connected = timeout(LIMIT, hosts.connect_by(look_up)).await;
            assert!(matches!(connected, Ok(Ok(_))), "{names}");
        }
    }

    #[tokio::test]
    async fn the_address_that_was_there_is_asked_first() {
        let (hosts, database) = hosts("127.0.0.3-127.0.0.1").await;
        let silent = silent("127.0.0.3", &database).await;
        drop(hosts.connect_by(look_up).await.unwrap());
        silent.accept().await.unwrap();
        drop(hosts.connect_by(look_up).await.unwrap());
        assert!(timeout(Duration::ZERO, silent.accept()).await.is_err());
    }

    #[tokio::test]
    async fn who_finds_nobody_is_told_why() {
        let (hosts, _database) = hosts("127.0.0.4,127.0.0.5-127.0.0.6").await;
        let error = hosts.connect_by(look_up).await.err().unwrap();
        assert!(error.to_string().contains("connecting"), "{error}");
    }

    #[tokio::test]
    async fn what_a_server_says_is_told_whoever_comes_after_it() {
        for names in ["127.0.0.1-127.0.0.7", "127.0.0.1,127.0.0.8"] {
            let (hosts, database) = hosts(names).await;
            let _silent = silent("127.0.0.7", &database).await;
            drop(database);
            let connected = timeout(LIMIT, hosts.connect_by(look_up)).await;
            let error = connected.unwrap().err().unwrap();
            assert!(error.as_db_error().is_some(), "{names}: {error}");
        }
    }

    /// Only who is asked for something shows that it is at work.
    #[tokio::test]
    async fn of_several_addresses_one_that_takes_writes_is_taken() {
        for (names, is_taken) in [("127.0.0.1", true), ("127.0.0.1-127.0.0.9", false)] {
            let (mut hosts, _database) = hosts(names).await;
            let mut all = hosts.all.to_vec();
            all[0].options("-c default_transaction_read_only=on");
            hosts.all = all.into();
            assert_eq!(hosts.connect_by(look_up).await.is_ok(), is_taken, "{names}");
        }
    }

    #[tokio::test]
    async fn addresses_take_turns_when_all_hosts_have_had_theirs() {
        let (mut hosts, _database) = hosts("127.0.0.1,127.0.0.1").await;
        hosts.is_balanced = true;
        let addresses = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().unwrap());
        let first = [0, 1, 2, 3, 4].map(|begin| hosts.in_turn(addresses.to_vec(), begin)[0]);
        assert_eq!(first, [0, 0, 1, 1, 0].map(|at| addresses[at]));
    }

    #[test]
    fn each_host_has_all_settings() {
        let url = |hosts: &str, addresses: &str| {
            let settings = "options=-c%20geqo=off&application_name=shop&sslnegotiation=direct&\
                            channel_binding=require&connect_timeout=3&tcp_user_timeout=4&\
                            keepalives=0&keepalives_idle=5&keepalives_interval=6&\
                            keepalives_retries=7&target_session_attrs=read-write&\
                            load_balance_hosts=random&sslmode=require";
            let url = format!("postgres://ada:secret@{hosts}/app?hostaddr={addresses}&{settings}");
            url.parse::<Config>().unwrap()
        };
        let all = url("a:1,%2Frun%2Fb:2", "192.0.2.1,192.0.2.2");
        assert_eq!(alone(&all, 0), url("a:1", "192.0.2.1"));
        assert_eq!(alone(&all, 1), url("%2Frun%2Fb:2", "192.0.2.2"));
    }

    #[test]
    fn one_port_is_that_of_all() {
        let all: Config = "postgres:///app?host=a&host=b&port=99".parse().unwrap();
        assert_eq!(alone(&all, 1), "postgres://b:99/app".parse().unwrap());
    }
}
