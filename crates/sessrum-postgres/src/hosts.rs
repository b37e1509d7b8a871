//! The servers that one URL names, and the connection to the first of them that can be had.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, LoadBalanceHosts};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// They are tried one after the other: first the one that was there the last time, or the next one each
/// time.
#[derive(Clone)]
pub(crate) struct Hosts {
    /// Of one host alone, as are the others.
    first: Config,
    others: Arc<[Config]>,
    tls: MakeRustlsConnect,
    /// How long each but the last may take: the client itself waits without end for one that has
    /// taken a connection.
    share: Duration,
    /// The number of the host to begin with.
    begin: Arc<AtomicUsize>,
    /// Whether each connection begins with another.
    is_balanced: bool,
}

impl Hosts {
    pub(crate) fn new(config: &Config, tls: MakeRustlsConnect, share: Duration) -> Self {
        Self {
            first: alone(config, 0),
            others: (1..config.get_hosts().len()).map(|at| alone(config, at)).collect(),
            tls,
            share,
            begin: Arc::default(),
            is_balanced: config.get_load_balance_hosts() == LoadBalanceHosts::Random,
        }
    }

    /// A connection to one of them. The last one has as long as the caller waits, and an address of it a
    /// whole share.
    pub(crate) async fn connect(&self) -> Result<(Client, Connection<Socket, Tls>), Error> {
        let begin = self.begin.fetch_add(usize::from(self.is_balanced), Ordering::Relaxed);
        for number in (0..self.others.len()).map(|turn| begin.wrapping_add(turn)) {
            let connecting = self.host(number).connect(self.tls.clone());
            if let Ok(Ok(connected)) = timeout(self.share, connecting).await {
                return Ok(connected);
            }
            if !self.is_balanced {
                self.begin.store(number.wrapping_add(1), Ordering::Relaxed);
            }
        }
        let mut last = self.host(begin.wrapping_add(self.others.len())).clone();
        last.connect_timeout(self.share);
        last.connect(self.tls.clone()).await
    }

    /// One after the other, over and over.
    fn host(&self, number: usize) -> &Config {
        let at = number % (self.others.len() + 1);
        at.checked_sub(1).and_then(|at| self.others.get(at)).unwrap_or(&self.first)
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
    use super::*;

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
