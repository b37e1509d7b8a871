use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::postgres::{OWNER, PASSWORD};
use crate::server::Server;
use crate::{Port, account};

/// PgBouncer in transaction mode: a connection to the server is lent for a transaction, not for a
/// client's life.
pub struct PgBouncer(Server);

impl PgBouncer {
    /// Starts one in front of a server, with settings of its file, such as `default_pool_size`.
    pub async fn start(server: SocketAddr, settings: &[(&str, &str)]) -> Self {
        let port = Port::free();
        let directory = account::directory();
        account::write(&directory.path().join("users"), &format!("\"{OWNER}\" \"{PASSWORD}\"\n"));
        let mut configuration = format!(
            "[databases]\n\
             * = host={} port={}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {}\n\
             unix_socket_dir =\n\
             auth_type = trust\n\
             auth_file = users\n\
             pool_mode = transaction\n",
            server.ip(),
            server.port(),
            port.address().port(),
        );
        for (name, value) in settings {
            writeln!(configuration, "{name} = {value}").unwrap();
        }
        account::write(&directory.path().join("pgbouncer.ini"), &configuration);
        Self(Server::start("pgbouncer", &["pgbouncer.ini"], port, directory).await)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.port.address()
    }
}
