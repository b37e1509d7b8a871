use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{Options, programs, tls};
use crate::account;

/// Who owns the tests' databases: no superuser, as in production.
pub(crate) const OWNER: &str = "sessrum";
pub(crate) const PASSWORD: &str = "correct-horse";

/// Where a cluster is: its directory has the data, the settings and the socket.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) directory: PathBuf,
    pub(super) address: SocketAddr,
    pub(super) options: Options,
    pub(super) shared: bool,
}

impl Cluster {
    /// Makes the files of a new cluster. Texts sort by language, as in most production databases.
    pub(super) fn initialise(&self) {
        let mut initialise = account::command(programs::program("initdb"), &self.directory);
        initialise.args(["--pgdata", "data", "--username", "postgres", "--no-sync"]);
        initialise.args(["--encoding", "UTF8", "--locale", "C.UTF-8"]);
        initialise.args(["--locale-provider", "icu", "--icu-locale", "en"]);
        let output = initialise.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));

        let host = if self.options.tls { "hostssl" } else { "host" };
        let method = if self.options.password { "scram-sha-256" } else { "trust" };
        account::write(
            &self.directory.join("hba.conf"),
            &format!("local all all trust\n{host} all all 127.0.0.1/32 {method}\n"),
        );
        if self.options.tls {
            tls::certify(&self.directory);
        }
        self.make_owner();
    }

    fn make_owner(&self) {
        let mut single = account::command(programs::program("postgres"), &self.directory)
            .args(["--single", "-D", "data", "-c", "fsync=off", "postgres"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let sql = format!("CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'\n");
        single.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        assert!(single.wait().unwrap().success(), "no role could be made");
    }

    /// The arguments that the server runs with.
    pub(super) fn arguments(&self) -> Vec<String> {
        let directory = self.directory.to_str().unwrap();
        let mut settings = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.address.port()),
            format!("unix_socket_directories={directory}"),
            format!("hba_file={directory}/hba.conf"),
        ];
        if self.options.tls {
            settings.push("ssl=on".to_owned());
            settings.push(format!("ssl_cert_file={directory}/{}", tls::CERTIFICATE));
            settings.push(format!("ssl_key_file={directory}/{}", tls::KEY));
        }
        settings
            .extend(self.options.settings.iter().map(|(name, value)| format!("{name}={value}")));
        let settings = settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]);
        ["-D".to_owned(), format!("{directory}/data")].into_iter().chain(settings).collect()
    }

    /// The URL of a database at the server's address, or at one that leads there.
    pub(super) fn url(&self, database: &str, address: SocketAddr) -> String {
        let password = if self.options.password { format!(":{PASSWORD}") } else { String::new() };
        let mode = if self.options.tls { "?sslmode=require" } else { "" };
        format!("postgresql://{OWNER}{password}@{address}/{database}{mode}")
    }

    /// The file in which a running server says who, where and how ready it is.
    pub(super) fn status_file(directory: &Path) -> PathBuf {
        directory.join("data/postmaster.pid")
    }

    /// Where the server in a directory listens, once it is ready.
    pub(super) fn ready(directory: &Path) -> Option<SocketAddr> {
        let status = fs::read_to_string(Self::status_file(directory)).ok()?;
        let lines: Vec<&str> = status.lines().map(str::trim).collect();
        match lines.as_slice() {
            [_, _, _, port, _, host, _, "ready", ..] => format!("{host}:{port}").parse().ok(),
            _ => None,
        }
    }
}
