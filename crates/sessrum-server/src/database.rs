//! The database that the configuration names, SQLite or PostgreSQL.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use sessrum_core::store::{EventStore as _, Store, StoreError};
use sessrum_core::{Clock as _, EventSealer, SystemClock};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_sqlite::SqliteStore;

use crate::config::{Database, PostgresDatabase};
use crate::secret_file;

impl Database {
    /// Brings its tables up to date and answers the versions that were missing. Of several that come
    /// at once one does it, and the others wait.
    pub(crate) async fn migrate(&self) -> anyhow::Result<Vec<i32>> {
        Ok(match self {
            Self::Sqlite(path) => sessrum_sqlite::migrate(path)?,
            Self::Postgres(database) => sessrum_postgres::migrate(&database.options()?).await?,
        })
    }

    /// Makes sure that its tables are such as this program works on.
    pub(crate) async fn check_schema(&self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(path) => sessrum_sqlite::check_schema(path)?,
            Self::Postgres(database) => {
                sessrum_postgres::check_schema(&database.options()?).await?;
            }
        }
        Ok(())
    }

    /// Whether it has users, once it is migrated.
    pub(crate) async fn has_users(&self) -> anyhow::Result<bool> {
        Ok(match self {
            Self::Sqlite(path) => sessrum_sqlite::has_users(path)?,
            Self::Postgres(database) => sessrum_postgres::has_users(&database.options()?).await?,
        })
    }

    /// Opens its stores, whose events are sealed with `sealer`, for a server or for a command that
    /// ends soon.
    pub(crate) async fn open(
        &self,
        sealer: EventSealer,
        serves: bool,
    ) -> anyhow::Result<OpenStore> {
        Ok(match self {
            Self::Sqlite(path) => OpenStore::Sqlite(Arc::new(SqliteStore::open(path, sealer)?)),
            Self::Postgres(database) => {
                let mut options = database.options()?;
                options.hears = serves;
                let store = PostgresStore::open(&options, sealer).await?;
                OpenStore::Postgres(Arc::new(store))
            }
        })
    }
}

impl PostgresDatabase {
    /// How it is used, with its password.
    pub(crate) fn options(&self) -> anyhow::Result<PostgresOptions> {
        let mut options = self.options.clone();
        options.password = self.password_file.as_deref().map(read_password).transpose()?;
        Ok(options)
    }
}

fn read_password(path: &Path) -> anyhow::Result<String> {
    let text = secret_file::read(path).with_context(|| {
        format!("cannot read the file with the database's password, {}", path.display())
    })?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => bail!("{} holds no password: write the database's there", path.display()),
        password => Ok(password.to_owned()),
    }
}

/// Stores on a database.
pub(crate) enum OpenStore {
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
}

impl OpenStore {
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
        }
    }

    /// Waits until no server goes by what was so before the changes that were made here.
    pub(crate) async fn until_heard(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => {
                SystemClock.sleep_until(SystemClock.now() + store.feed().lease()).await;
                Ok(())
            }
            Self::Postgres(store) => store.until_heard().await,
        }
    }

    /// Takes no more changes, and waits until those that are queued are made. A file is closed when
    /// nobody uses it any more.
    pub(crate) async fn close(&self) {
        if let Self::Postgres(store) = self {
            store.close().await;
        }
    }
}
