use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use tokio_postgres::{Client, Config, Error, NoTls};

use super::Postgres;
use super::cluster::{Cluster, OWNER};
use crate::random;

/// In bytes: much more than what an empty database takes.
const LARGE: i64 = 100 << 20;

/// A database of a test's own. On the shared cluster it goes when this is dropped, else with its
/// cluster.
pub struct Database {
    name: String,
    cluster: Cluster,
}

impl Database {
    /// How its owner, who is no superuser, connects.
    #[must_use]
    pub fn url(&self) -> String {
        self.cluster.url(&self.name, self.cluster.address)
    }

    /// Where its server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.cluster.address
    }

    /// How its owner connects through what stands in front of the server.
    #[must_use]
    pub fn url_through(&self, address: SocketAddr) -> String {
        self.cluster.url(&self.name, address)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.cluster.shared {
            return;
        }
        let (name, cluster) = (self.name.clone(), self.cluster.clone());
        // A thread of its own: this one may run the test's runtime.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let administrator = connect(&cluster).await?;
                // To wait for connections to end takes PostgreSQL a tenth of a second.
                let cut =
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
                for _ in 0..50 {
                    if administrator.execute(cut, &[&name]).await? == 0 {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                administrator.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await
            })
        });
        let _ = dropping.join();
    }
}

impl Postgres {
    /// An empty database.
    pub async fn database(&self) -> Database {
        let administrator = connect(&self.cluster).await.unwrap();
        self.copy(&administrator, "template1").await
    }

    /// A database with what `prepare` did to the one it was given the URL of: once for all tests of
    /// a program that ask by the same name. No connection to that one must be left.
    pub async fn prepared_database(
        &self,
        name: &str,
        prepare: impl AsyncFnOnce(String),
    ) -> Database {
        let template = format!("{name}_{:016x}", this_program());
        let administrator = connect(&self.cluster).await.unwrap();
        if !exists(&administrator, &template).await {
            // One prepares, the others wait until that one's connection ends.
            let turn = connect(&self.cluster).await.unwrap();
            turn.execute("SELECT pg_advisory_lock(hashtext($1))", &[&template]).await.unwrap();
            if !exists(&turn, &template).await {
                let unready = format!("{template}_unready");
                let clean = format!("DROP DATABASE IF EXISTS {unready} WITH (FORCE)");
                turn.batch_execute(&clean).await.unwrap();
                self.create(&turn, &unready, "template1").await;
                prepare(self.cluster.url(&unready, self.cluster.address)).await;
                let rename = format!("ALTER DATABASE {unready} RENAME TO {template}");
                turn.batch_execute(&rename).await.unwrap();
            }
        }
        self.copy(&administrator, &template).await
    }

    async fn copy(&self, administrator: &Client, template: &str) -> Database {
        let name = format!("test_{:016x}", random::number());
        self.create(administrator, &name, template).await;
        Database { name, cluster: self.cluster.clone() }
    }

    async fn create(&self, administrator: &Client, name: &str, template: &str) {
        // Files are copied faster, but not when each of the many small ones must reach the disk.
        let by_file = self.cluster.shared || size(administrator, template).await > LARGE;
        let strategy = if by_file { "file_copy" } else { "wal_log" };
        let options = format!("OWNER {OWNER} TEMPLATE {template} STRATEGY {strategy}");
        administrator.batch_execute(&format!("CREATE DATABASE {name} {options}")).await.unwrap();
    }
}

async fn size(administrator: &Client, name: &str) -> i64 {
    let sql = "SELECT pg_database_size($1)";
    administrator.query_one(sql, &[&name]).await.unwrap().get(0)
}

async fn exists(administrator: &Client, name: &str) -> bool {
    let sql = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    administrator.query_one(sql, &[&name]).await.unwrap().get(0)
}

/// A superuser's connection, over the socket: that is open however the network is guarded.
async fn connect(cluster: &Cluster) -> Result<Client, Error> {
    let (client, connection) = Config::new()
        .host_path(&cluster.directory)
        .port(cluster.address.port())
        .user("postgres")
        .connect(NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

/// A number of this build of the test's program: a rebuilt one prepares anew.
fn this_program() -> u64 {
    let path = std::env::current_exe().unwrap();
    let metadata = path.metadata().unwrap();
    let mut hasher = DefaultHasher::new();
    (path, metadata.len(), metadata.mtime(), metadata.mtime_nsec()).hash(&mut hasher);
    hasher.finish()
}
