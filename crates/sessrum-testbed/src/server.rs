use std::net::TcpStream;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::process::{self, Process};
use crate::{Port, wait};

/// A server that is ready when it takes connections, and goes when it is dropped.
pub(crate) struct Server {
    _process: Process,
    pub(crate) port: Port,
    _directory: TempDir,
}

impl Server {
    /// Starts the program of a Debian package in a directory that has its configuration.
    pub(crate) async fn start(
        package: &'static str,
        arguments: &[&str],
        port: Port,
        directory: TempDir,
    ) -> Self {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        wait::aside(move || {
            let process = Process::start(&program(package), &arguments, directory.path(), "TERM");
            let is_ready = || TcpStream::connect(port.address()).is_ok();
            wait::until_ready(|| is_ready() || process.has_ended());
            let log = || process::log(directory.path());
            assert!(is_ready(), "no {package} (apt install {package}): {}", log());
            Self { _process: process, port, _directory: directory }
        })
        .await
    }
}

/// Where Debian has it, which is not on everybody's search path, or wherever it is.
fn program(name: &str) -> PathBuf {
    let path = Path::new("/usr/sbin").join(name);
    if path.exists() { path } else { name.into() }
}
