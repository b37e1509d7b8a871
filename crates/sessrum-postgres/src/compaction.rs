//! Vacuuming what users that were forgotten have left.

use std::time::Duration;

use sessrum_core::store::StoreError;
use sessrum_core::{Clock as _, SystemClock};
use tokio::time::sleep;

use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::server::Server;
use crate::sql::compaction as sql;

/// Where something personal is; and first of all one that is small, so that it is there that whoever
/// still sees what was removed is waited for.
const TABLES: [&str; 7] = [
    "due_compactions",
    "users",
    "platform_connections",
    "user_sessions",
    "session_tokens",
    "session_data",
    "session_events",
];

/// After so long it is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// Vacuums every table that may hold traces of who was forgotten, beside whoever reads and writes. It
/// waits as long as a statement may take for transactions that still see what was removed, and for locks.
pub(crate) async fn compact(server: &Server) -> Result<(), StoreError> {
    // It takes as long as the tables are large.
    let connections = server.connections(1, Duration::MAX)?;
    let connection = connections.get().await?;
    if !server.is_lent {
        // Whoever has locked a table may never be done.
        let patience = server.statement_timeout.as_millis();
        connection.command(&format!("SET lock_timeout = {patience}")).await?;
    }
    let next: String = connection.run(sql::NEXT_TRANSACTION, &[]).await?.value()?;
    for table in TABLES {
        vacuum(&connection, table, &next, server.statement_timeout).await?;
    }
    Ok(())
}

/// Vacuums a table until nothing is left there that was removed before the transaction `next`.
///
/// `VACUUM` succeeds whether it could remove rows or not, and a plain role sees no other's snapshots. But
/// one that freezes passes over no page, and then says in `relfrozenxid` up to which transaction there
/// was nobody any more who might see what it removed: of a row that was removed before nothing is left.
async fn vacuum(
    connection: &Connection,
    table: &str,
    next: &str,
    patience: Duration,
) -> Result<()> {
    // Statistics, too, hold names, and indexes, which PostgreSQL may leave out when there is little in
    // them.
    let vacuum = format!("VACUUM (FREEZE, ANALYZE, INDEX_CLEANUP ON, TRUNCATE OFF) {table}");
    let until = SystemClock.uptime().saturating_add(patience);
    loop {
        connection.command(&vacuum).await?;
        if connection.run(sql::IS_VACUUMED, &[&table, &next]).await?.value()? {
            return Ok(());
        }
        if !connection.run(sql::MAY_VACUUM, &[&table]).await?.value()? {
            return Err(Error::NotOwner(table.to_owned()));
        }
        if SystemClock.uptime() >= until {
            return Err(Error::StillSeen(table.to_owned()));
        }
        sleep(PAUSE).await;
    }
}
