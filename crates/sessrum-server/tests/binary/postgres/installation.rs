//! Installations on PostgreSQL.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sessrum_core::store::{AccountStore as _, NewPlatform};
use sessrum_core::{Change, EventSealer, OsRandom, SecretKey, Timestamp};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Database, Postgres};

use crate::process::run;

/// 32 bytes in base64.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const KEY_BYTES: [u8; 32] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 29, 30, 31,
];

/// A directory with a configuration and a secret key, and the database that it names.
pub(crate) struct Installation {
    directory: tempfile::TempDir,
    pub(crate) database: Database,
}

impl Installation {
    /// One in which nothing was migrated.
    pub(crate) async fn empty() -> Self {
        Self::on(Postgres::shared().await.database().await)
    }

    /// With the user ada and her three platforms.
    pub(crate) async fn new() -> Self {
        let postgres = Postgres::shared().await;
        Self::on(postgres.prepared_database("installation", populate).await)
    }

    fn on(database: Database) -> Self {
        let directory = tempfile::tempdir().unwrap();
        configure(directory.path(), &database.url());
        Self { directory, database }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The directory of another instance.
    pub(crate) fn another(&self) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        configure(directory.path(), &self.database.url());
        directory
    }
}

/// Makes a directory that of an instance on a database.
pub(crate) fn configure(directory: &Path, url: &str) {
    let text = format!("database_url = \"{url}\"\nsecret_key_file = \"secret.key\"\n");
    std::fs::write(directory.join("sessrum.toml"), text).unwrap();
    let key = directory.join("secret.key");
    std::fs::write(&key, KEY).unwrap();
    std::fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
}

async fn populate(url: String) {
    let directory = tempfile::tempdir().unwrap();
    configure(directory.path(), &url);
    run(&["migrate"], directory.path());
    let add = ["user", "add", "ada", "--email", "ada@example.org", "--password-stdin"];
    run(&add, directory.path());
    let sealer = EventSealer::new(&SecretKey::from_bytes(KEY_BYTES), &OsRandom).unwrap();
    let store = PostgresStore::open(&PostgresOptions::new(url), sealer).await.unwrap();
    let ada = store.user_by_name("ada").await.unwrap().unwrap().info.id;
    for name in ["one", "two", "three"] {
        let new = NewPlatform {
            name: name.to_owned(),
            platform_type: "pixelfed".to_owned(),
            instance_url: format!("https://{name}.example"),
            username: "ada".to_owned(),
            credentials: None,
            is_default: false,
        };
        let change = Change::by_system(Timestamp::from_micros(1_700_006_400_000_000));
        store.add_platform(&ada, new, &change).await.unwrap();
    }
    store.close().await;
}
