mod cluster;
mod database;
mod options;
mod programs;
mod shared;
mod tls;

use std::any::Any;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use cluster::Cluster;
pub(crate) use cluster::{OWNER, PASSWORD};
pub use database::Database;
pub use options::Options;

use crate::port::Port;
use crate::process::{self, Process};
use crate::{account, wait};

/// A PostgreSQL cluster on a port of this machine.
pub struct Postgres {
    process: Option<Process>,
    cluster: Cluster,
    /// What must not go before the server: the port, the directory, the share.
    _kept: Box<dyn Any + Send + Sync>,
}

impl Postgres {
    /// A cluster of the test's own, which goes when it is dropped. What is not given in the options
    /// is as PostgreSQL has it by default: what is committed is on disk.
    pub async fn start(options: Options) -> Self {
        wait::aside(|| {
            let port = Port::free();
            let directory = account::directory();
            // Not each file by itself: that takes seconds after a crash.
            let options = options.set("recovery_init_sync_method", "syncfs");
            let cluster = Cluster {
                directory: directory.path().to_owned(),
                address: port.address(),
                options,
                shared: false,
            };
            cluster.initialise();
            let process = Some(run(&cluster));
            Self { process, cluster, _kept: Box::new((port, directory)) }
        })
        .await
    }

    /// Changes a setting, from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.cluster.options = self.cluster.options.clone().set(name, value);
    }

    /// Stops the server as an administrator does: connections are cut, what is committed is kept.
    pub async fn stop(&mut self) {
        self.end("INT").await;
    }

    /// Ends the server at once, as a crash does: at the next start it recovers.
    pub async fn crash(&mut self) {
        self.end("QUIT").await;
    }

    async fn end(&mut self, signal: &'static str) {
        if let Some(mut process) = self.process.take() {
            wait::aside(move || process.stop(signal)).await;
        }
    }

    /// Starts a server that was stopped or crashed, on the same port and with the same data.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server was not stopped");
        let cluster = self.cluster.clone();
        self.process = Some(wait::aside(move || run(&cluster)).await);
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.cluster.address
    }

    /// Where the server's files are: the data, and `log`.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.cluster.directory
    }

    /// The file with the certificate to trust, in PEM.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.cluster.directory.join(tls::CERTIFICATE)
    }
}

/// Runs a cluster's server until it is ready.
fn run(cluster: &Cluster) -> Process {
    let directory = &cluster.directory;
    // One that crashed left it, and it says ready.
    let _ = fs::remove_file(Cluster::status_file(directory));
    let process =
        Process::start(&programs::program("postgres"), &cluster.arguments(), directory, "QUIT");
    wait::until_ready(|| Cluster::ready(directory).is_some() || process.has_ended());
    let log = || process::log(directory);
    assert!(Cluster::ready(directory).is_some(), "PostgreSQL does not start: {}", log());
    process
}
