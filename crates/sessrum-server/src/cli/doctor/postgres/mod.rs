//! A PostgreSQL server and the ways there, as far as they can be tried.

mod clock;
mod connections;
mod direct_url;
mod durability;
mod pooler;
mod server;

use sessrum_core::SystemClock;
use sessrum_postgres::Examination;

use super::Check;
use crate::config::PostgresDatabase;

/// Every check of the server.
pub(super) async fn checks(database: &PostgresDatabase) -> Vec<Check> {
    let found = match examined(database).await {
        Ok(found) => found,
        Err(error) => return vec![server::cannot_be_examined(&error)],
    };
    let options = &database.options;
    let mut checks = vec![
        server::check(&found, options),
        durability::check(&found),
        pooler::check(&found, options),
        connections::check(&found, options),
        clock::check(&found),
    ];
    checks.extend(found.direct.map(direct_url::check));
    checks
}

async fn examined(database: &PostgresDatabase) -> anyhow::Result<Examination> {
    Ok(sessrum_postgres::examine(&database.options()?, &SystemClock).await?)
}
