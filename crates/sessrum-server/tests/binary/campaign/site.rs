//! What the campaign is about: the servers, nginx in front of them, PostgreSQL behind them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::{AccountStore as _, AddUser, NewPlatform, NewUser};
use sessrum_core::{
    Change, EventSealer, OsRandom, PasswordCost, PasswordHasher, Role, SecretKey, Timestamp,
};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Database, Nginx, Options, Port, Postgres, TcpProxy};
use tempfile::TempDir;

use crate::postgres::{KEY_BYTES, configure};
use crate::process::{PASSWORD, Server, run, sessrum};

pub(super) const LEASE: Duration = Duration::from_secs(1);

/// Connections of each server that read.
pub(super) const POOL: usize = 4;

/// Platforms that each user has.
pub(super) const PLATFORMS: usize = 2;

pub(super) struct Site {
    pub(super) postgres: Postgres,
    pub(super) database: Database,
    pub(super) nginx: Nginx,
    /// What the last instance listens through.
    pub(super) proxy: TcpProxy,
    pub(super) instances: Vec<Instance>,
}

/// One of the servers, which may be away, and the port it has when it is there.
pub(super) struct Instance {
    directory: TempDir,
    port: Port,
    server: Option<Server>,
}

impl Site {
    pub(super) async fn start(revocation: &str, users: usize) -> Self {
        let postgres = Postgres::start(Options::default().set("max_connections", "40")).await;
        let database = postgres.database().await;
        let proxy = TcpProxy::start(postgres.address()).await;
        let ports = [Port::free(), Port::free(), Port::free()];
        let nginx = Nginx::start(&ports.each_ref().map(Port::address)).await;
        let mut instances = Vec::new();
        for port in ports {
            let directory = tempfile::tempdir().unwrap();
            configure(directory.path(), &database.url());
            let settings = format!(
                "public_url = \"http://{}\"\nlisten = \"{}\"\ntrusted_proxies = [\"127.0.0.1\"]\n\
                 [session]\nper_user = 10000\n[jobs]\nclean_up_every = \"15s\"\n\
                 [database]\nrevocation = \"{revocation}\"\nlease = \"1s\"\npool_size = {POOL}\n",
                nginx.address(),
                port.address(),
            );
            append(directory.path(), &settings);
            instances.push(Instance { directory, port, server: None });
        }
        let last = instances.last().unwrap().directory.path();
        append(last, &format!("direct_url = \"{}\"\n", database.url_through(proxy.address())));
        let site = Self { postgres, database, nginx, proxy, instances };
        run(&["migrate"], site.directory());
        populate(&site.database.url(), users).await;
        let mut site = site;
        site.instances.iter_mut().for_each(Instance::start);
        site
    }

    /// A directory in which commands are run.
    pub(super) fn directory(&self) -> &Path {
        self.instances[0].directory.path()
    }
}

impl Instance {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Starts the server, and returns when it serves.
    pub(super) fn start(&mut self) {
        let mut command = sessrum(&["serve"]);
        command.current_dir(self.directory.path());
        self.server = Some(tokio::task::block_in_place(|| Server::spawn(&mut command)));
    }

    pub(super) fn kill(&mut self) {
        let server = self.server.take().unwrap();
        tokio::task::block_in_place(|| server.kill());
    }

    pub(super) fn freeze(&self) {
        self.server.as_ref().unwrap().freeze();
    }

    pub(super) fn thaw(&self) {
        self.server.as_ref().unwrap().thaw();
    }

    /// Asks the server to stop; whether it did so as it should, and its log.
    pub(super) fn stop(&mut self) -> (bool, String) {
        let server = self.server.take().unwrap();
        server.terminate();
        let (status, log) = tokio::task::block_in_place(|| server.wait());
        (status.success(), log)
    }
}

fn append(directory: &Path, settings: &str) {
    let file = directory.join("sessrum.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, before + settings).unwrap();
}

/// Adds users by the names of numbers, with their platforms.
async fn populate(url: &str, users: usize) {
    let cost = PasswordCost { memory_kib: 64, passes: 1 };
    let hasher = PasswordHasher::new(cost, 1, Arc::new(OsRandom)).unwrap();
    let hash = hasher.hash(PASSWORD).await.unwrap();
    let sealer = EventSealer::new(&SecretKey::from_bytes(KEY_BYTES), &OsRandom).unwrap();
    let mut options = PostgresOptions::new(url);
    options.hears = false;
    let store = PostgresStore::open(&options, sealer).await.unwrap();
    let change = Change::by_system(Timestamp::from_micros(1_700_006_400_000_000));
    for number in 0..users {
        let user = NewUser {
            username: name(number),
            email: format!("{}@example.org", name(number)),
            role: Role::Viewer,
            password_hash: Some(hash.clone()),
        };
        let AddUser::Added(user) = store.add_user(user, &change).await.unwrap() else { panic!() };
        for platform in 0..PLATFORMS {
            let platform = NewPlatform {
                name: format!("platform {platform}"),
                platform_type: "pixelfed".to_owned(),
                instance_url: format!("https://{platform}.example"),
                username: name(number),
                credentials: None,
                is_default: false,
            };
            store.add_platform(&user, platform, &change).await.unwrap();
        }
    }
    store.close().await;
}

/// The name of a user.
pub(super) fn name(number: usize) -> String {
    format!("user{number}")
}
