use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::server::Server;
use crate::{Port, account};

/// nginx in front of several instances: each request goes to the next one, and to another when that
/// one is away.
pub struct Nginx(Server);

impl Nginx {
    /// Starts one in front of instances, which may be away.
    pub async fn start(instances: &[SocketAddr]) -> Self {
        let port = Port::free();
        let directory = account::directory();
        let mut servers = String::new();
        for instance in instances {
            // One that comes back is asked again at once.
            write!(servers, "server {instance} max_fails=0; ").unwrap();
        }
        let configuration = include_str!("nginx.conf")
            .replace("{port}", &port.address().port().to_string())
            .replace("{servers}", &servers);
        account::write(&directory.path().join("nginx.conf"), &configuration);
        let arguments = ["-p", ".", "-e", "stderr", "-c", "nginx.conf"];
        Self(Server::start("nginx", &arguments, port, directory).await)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.port.address()
    }
}
