//! The database under the campaign: to be searched, and broken.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sessrum_testbed::{Database, Options, Postgres};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::postgres::configure;

pub(super) enum Base {
    Sqlite(PathBuf),
    Postgres { cluster: Box<Postgres>, database: Box<Database>, client: Client },
}

impl Base {
    pub(super) fn sqlite(directory: &Path) -> Self {
        Self::Sqlite(directory.join("sessrum.db"))
    }

    /// On a server of its own, which asks for a password.
    pub(super) async fn postgres(directory: &Path) -> Self {
        let cluster = Box::new(Postgres::start(Options::default().with_password()).await);
        let database = Box::new(cluster.database().await);
        configure(directory, &database.url());
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        Self::Postgres { cluster, database, client }
    }

    /// Runs statements.
    pub(super) async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(path) => Connection::open(path).unwrap().execute_batch(sql).unwrap(),
            Self::Postgres { client, .. } => client.batch_execute(sql).await.unwrap(),
        }
    }

    /// No token can be added from now on.
    pub(super) async fn refuse_tokens(&self) {
        self.execute(match self {
            Self::Sqlite(_) => {
                "CREATE TRIGGER refuse BEFORE INSERT ON session_tokens \
                 BEGIN SELECT RAISE(ABORT, 'refused'); END"
            }
            Self::Postgres { .. } => {
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql \
                 AS $$ BEGIN RAISE 'refused'; END $$; \
                 CREATE TRIGGER refuse BEFORE INSERT ON session_tokens \
                 FOR EACH ROW EXECUTE FUNCTION refuse()"
            }
        })
        .await;
    }

    pub(super) async fn take_tokens(&self) {
        self.execute(match self {
            Self::Sqlite(_) => "DROP TRIGGER refuse",
            Self::Postgres { .. } => "DROP TRIGGER refuse ON session_tokens",
        })
        .await;
    }

    /// A user gets a role that there is not.
    pub(super) async fn damage_role(&self, user: &str) {
        let no_check = match self {
            Self::Sqlite(_) => "PRAGMA ignore_check_constraints = ON",
            Self::Postgres { .. } => "ALTER TABLE users DROP CONSTRAINT users_role_check",
        };
        let damage = format!("UPDATE users SET role = 'queen' WHERE username = '{user}'");
        self.execute(&format!("{no_check}; {damage}")).await;
    }

    pub(super) async fn password_hashes(&self) -> Vec<String> {
        let sql = "SELECT password_hash FROM users";
        match self {
            Self::Sqlite(path) => {
                let database = Connection::open(path).unwrap();
                let mut hashes = database.prepare(sql).unwrap();
                let hashes = hashes.query_map([], |row| row.get(0)).unwrap();
                hashes.collect::<Result<_, _>>().unwrap()
            }
            Self::Postgres { client, .. } => {
                let rows = client.simple_query(sql).await.unwrap().into_iter();
                let hash = |row| match row {
                    SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                    _ => None,
                };
                rows.filter_map(hash).collect()
            }
        }
    }

    /// The file with the secret key.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sessrum.db.key",
            Self::Postgres { .. } => "secret.key",
        }
    }

    /// The line of the configuration that names it.
    pub(super) fn setting(&self) -> String {
        match self {
            Self::Sqlite(_) => String::new(),
            Self::Postgres { database, .. } => format!("database_url = \"{}\"\n", database.url()),
        }
    }

    /// The password in the URL.
    pub(super) fn password(&self) -> Option<String> {
        let Self::Postgres { database, .. } = self else { return None };
        let url = database.url();
        let (user, _) = url.split_once('@').unwrap();
        Some(user.rsplit_once(':').unwrap().1.to_owned())
    }

    /// Where its files are, the log of its server among them.
    pub(super) fn files(&self) -> &Path {
        match self {
            Self::Sqlite(path) => path.parent().unwrap(),
            Self::Postgres { cluster, .. } => cluster.directory(),
        }
    }
}
