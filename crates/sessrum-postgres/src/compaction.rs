//! Vacuuming what users that were forgotten have left.

use std::time::Duration;

use sessrum_core::store::StoreError;

use crate::server::Server;

/// Where something personal is.
const TABLES: [&str; 6] = [
    "users",
    "platform_connections",
    "user_sessions",
    "session_tokens",
    "session_data",
    "session_events",
];

/// Vacuums every table that may hold traces of who was forgotten, beside whoever reads and writes.
pub(crate) async fn compact(server: &Server) -> Result<(), StoreError> {
    // It takes as long as the tables are large.
    let connections = server.connections(1, Duration::MAX)?;
    let connection = connections.get().await?;
    for table in TABLES {
        // Indexes, too, which hold names: PostgreSQL may leave them out when there is little in them.
        let vacuum = format!("VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) {table}");
        connection.command(&vacuum).await?;
    }
    Ok(())
}
