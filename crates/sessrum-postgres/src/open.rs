//! Opening and migrating.

use std::time::Duration;

use crate::connection::{Connection, Connections};
use crate::error::{Error, Result};
use crate::open_error::OpenError;
use crate::options::PostgresOptions;
use crate::rows::plain;
use crate::server::Server;
use crate::sql::{schema, users};

/// A name of its own, since the application may keep its tables in the same schema.
const HISTORY: &str = "sessrum_schema_history";

/// Stands for migrating, among the advisory locks of a database.
const MIGRATING: i64 = 0x5e55_7275_6d00_0001;

/// Migrating, and waiting for another who does, takes as long as it takes.
const NO_LIMIT: Duration = Duration::MAX;

mod embedded {
    refinery::embed_migrations!();
}

/// Brings a database's tables up to date. Of several that come at once one does it, and the others
/// wait. Answers the versions that were applied.
///
/// # Errors
/// [`OpenError`] says what stands in the way.
pub async fn migrate(options: &PostgresOptions) -> Result<Vec<i32>, OpenError> {
    let server = direct(options)?;
    let connections = server.connections(2, NO_LIMIT)?;
    let failed = |error| OpenError::of(&server.name, error);
    // A transaction of its own holds the lock: it ends with the connection.
    let turn = connections.get().await.map_err(failed)?;
    wait_to_migrate(&turn).await.map_err(failed)?;
    let applied = apply(&server, &connections).await;
    turn.close();
    applied
}

/// Makes sure that a database's tables are such as this program works on.
///
/// # Errors
/// [`OpenError`] says what stands in the way.
pub async fn check_schema(options: &PostgresOptions) -> Result<(), OpenError> {
    let server = Server::of(&options.url, options)?;
    check(&server, &server.connections(1, options.statement_timeout)?).await
}

/// Whether a database that has been [migrated](migrate) has users.
///
/// # Errors
/// [`OpenError`] says what stands in the way.
pub async fn has_users(options: &PostgresOptions) -> Result<bool, OpenError> {
    let server = Server::of(&options.url, options)?;
    let connections = server.connections(1, options.statement_timeout)?;
    let has_users = async { connections.get().await?.run(users::HAS_ANY, &[]).await?.value() };
    has_users.await.map_err(|error| OpenError::of(&server.name, error))
}

/// The server itself, where a pooler may stand in front of it.
pub(crate) fn direct(options: &PostgresOptions) -> Result<Server, OpenError> {
    Server::of(options.direct_url.as_ref().unwrap_or(&options.url), options)
}

/// Makes sure that a database can be written and has tables that this program works on.
pub(crate) async fn check(server: &Server, connections: &Connections) -> Result<(), OpenError> {
    let failed = |error| OpenError::of(&server.name, error);
    let connection = connections.get().await.map_err(failed)?;
    let found = writable_version(server, &connection).await?;
    let known = known_version();
    if found < known {
        return Err(OpenError::NotMigrated(server.name.clone()));
    }
    check_supported(server, &connection, found, known).await
}

async fn wait_to_migrate(turn: &Connection) -> Result<()> {
    turn.command(
        "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
         SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    .await?;
    turn.run(schema::WAIT_TO_MIGRATE, &[&MIGRATING]).await.map(drop)
}

async fn apply(server: &Server, connections: &Connections) -> Result<Vec<i32>, OpenError> {
    let connection = connections.get().await;
    let mut connection = connection.map_err(|error| OpenError::of(&server.name, error))?;
    let found = writable_version(server, &connection).await?;
    let known = known_version();
    if found >= known {
        check_supported(server, &connection, found, known).await?;
        return Ok(Vec::new());
    }
    let report = runner().set_grouped(true).run_async(connection.client_mut()).await;
    let report = report.map_err(|error| OpenError::of_migration(&server.name, &error))?;
    Ok(report.applied_migrations().iter().map(refinery::Migration::version).collect())
}

/// The version of the tables, 0 when there are none, of a database that can be used.
async fn writable_version(server: &Server, connection: &Connection) -> Result<i32, OpenError> {
    let failed = |error| OpenError::of(&server.name, error);
    let (encoding, is_read_only, has_history) = about(connection).await.map_err(failed)?;
    if encoding != "UTF8" {
        return Err(OpenError::NotUtf8 { database: server.name.clone(), found: encoding });
    }
    if is_read_only {
        return Err(OpenError::ReadOnly(server.name.clone()));
    }
    if !has_history {
        return Ok(0);
    }
    let version: Result<Option<i32>> =
        async { connection.run(schema::VERSION, &[]).await?.value() }.await;
    Ok(version.map_err(failed)?.unwrap_or(0))
}

async fn about(connection: &Connection) -> Result<(String, bool, bool)> {
    let rows = connection.run(schema::SERVER, &[&HISTORY]).await?;
    rows.one(|row| Ok((plain(row, 0)?, plain(row, 1)?, plain(row, 2)?)))
}

/// Tables that a newer program made say whether this one works on them.
async fn check_supported(
    server: &Server,
    connection: &Connection,
    found: i32,
    known: i32,
) -> Result<(), OpenError> {
    if found == known {
        return Ok(());
    }
    let oldest: Result<i32, Error> =
        async { connection.run(schema::OLDEST_SUPPORTED, &[]).await?.value() }.await;
    match oldest.map_err(|error| OpenError::of(&server.name, error))? {
        oldest if oldest <= known => Ok(()),
        _ => Err(OpenError::NewerSchema { database: server.name.clone(), found, known }),
    }
}

fn runner() -> refinery::Runner {
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name(HISTORY);
    runner
}

fn known_version() -> i32 {
    runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}
