//! Examining a server and the ways there, for an operator.

mod pooling;

use sessrum_core::store::StoreErrorKind;
use sessrum_core::{Clock, Timestamp};

pub use self::pooling::Pooling;
use crate::connection::Connection;
use crate::error::Result;
use crate::open;
use crate::open_error::OpenError;
use crate::options::PostgresOptions;
use crate::rows::plain;
use crate::server::Server;
use crate::sql::examine as sql;

/// With the number of a process it stands for that process, among the advisory locks of a database.
const EXAMINING: i32 = 0x5e55_7275;

/// What [`examine`] found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Examination {
    /// The server's version, such as `15.9`.
    pub version: String,
    /// Whether what is committed is on the disk: `fsync` is on.
    pub syncs: bool,
    /// Whether a crash in the middle of a page leaves it whole: `full_page_writes` is on.
    pub writes_full_pages: bool,
    /// How connections of `url` are lent.
    pub pooling: Pooling,
    /// What was found of `direct_url`, if there is one.
    pub direct: Option<DirectWay>,
    /// Whether the server knows `LISTEN`.
    pub listens: bool,
    /// How many more connections the server, the database and the user allow.
    pub connections_left: i64,
    /// How many connections this user has to the database, these of the examination among them.
    pub connections_used: i64,
    /// How many instances are on the list of those at work; 0 without tables.
    pub instances: i64,
    /// How far the server's clock is ahead of this machine's, in microseconds; behind when negative.
    /// 0 when the difference is less than an answer takes.
    pub clock_ahead: i64,
}

/// What was found of a way without a pooler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectWay {
    /// Whether it leads to the database that `url` leads to.
    pub is_same_database: bool,
    /// How its connections are lent.
    pub pooling: Pooling,
}

/// Examines the server of a database and the ways there, by trying. Nothing is changed.
///
/// # Errors
/// [`OpenError`] says what stands in the way.
pub async fn examine(
    options: &PostgresOptions,
    clock: &dyn Clock,
) -> Result<Examination, OpenError> {
    // Also where prepared statements would not last.
    let options = PostgresOptions { prepared_statements: false, ..options.clone() };
    // Whether connections are lent is not known yet.
    let (mut server, mut direct) = (Server::of(&options.url, &options)?, open::direct(&options)?);
    (server.is_lent, direct.is_lent) = (true, true);
    let failed = |error| OpenError::of(&server.name, error);
    let pooling = pooling::of(&server).await?;
    let way = match &options.direct_url {
        None => None,
        Some(_) => Some(DirectWay {
            is_same_database: lead_to_one(&server, &direct).await?,
            pooling: pooling::of(&direct).await?,
        }),
    };
    let connection = connect(&direct).await?;
    let about = about(&connection, clock).await.map_err(failed)?;
    Ok(Examination {
        pooling,
        direct: way,
        listens: listens(&connection).await.map_err(failed)?,
        ..about
    })
}

async fn connect(server: &Server) -> Result<Connection, OpenError> {
    let connections = server.connections(1, server.statement_timeout)?;
    connections.get().await.map_err(|error| OpenError::of(&server.name, error))
}

/// What the server says of itself.
async fn about(connection: &Connection, clock: &dyn Clock) -> Result<Examination> {
    let (version, syncs, writes_full_pages) = connection
        .run(sql::SERVER, &[])
        .await?
        .one(|row| Ok((plain(row, 0)?, plain(row, 1)?, plain(row, 2)?)))?;
    let connections_left = connection.run(sql::CONNECTIONS_LEFT, &[]).await?.value()?;
    let connections_used = connection.run(sql::CONNECTIONS_USED, &[]).await?.value()?;
    let instances = match connection.run(sql::INSTANCES, &[]).await {
        Err(error) if error.kind() == StoreErrorKind::NotMigrated => 0,
        found => found?.value()?,
    };
    let asked = clock.now();
    let there = connection.run(sql::CLOCK, &[]).await?.value()?;
    let clock_ahead = ahead(there, asked, clock.now());
    Ok(Examination {
        version,
        syncs,
        writes_full_pages,
        pooling: Pooling::None,
        direct: None,
        listens: false,
        connections_left,
        connections_used,
        instances,
        clock_ahead,
    })
}

/// How far another clock is ahead that showed `there` some time between two moments.
fn ahead(there: i64, asked: Timestamp, answered: Timestamp) -> i64 {
    let nearest = there.clamp(asked.as_micros(), answered.as_micros().max(asked.as_micros()));
    there.saturating_sub(nearest)
}

async fn listens(connection: &Connection) -> Result<bool> {
    match connection.command("BEGIN; LISTEN sessrum_examination; ROLLBACK").await {
        Ok(()) => Ok(true),
        Err(error) if error.ends_connection() => Err(error),
        Err(_) => Ok(false),
    }
}

/// Whether two ways lead to one database: a lock that was taken on one cannot be had on the other.
async fn lead_to_one(one: &Server, other: &Server) -> Result<bool, OpenError> {
    let (holder, asker) = (connect(one).await?, connect(other).await?);
    let held = async {
        holder.command("BEGIN").await?;
        let process: i32 = holder.run(sql::PROCESS, &[]).await?.value()?;
        holder.run(sql::LOCK, &[&EXAMINING, &process]).await?;
        Ok(process)
    };
    let process = held.await.map_err(|error| OpenError::of(&one.name, error))?;
    let taken = async { asker.run(sql::LOCK, &[&EXAMINING, &process]).await?.value() };
    let taken: bool = taken.await.map_err(|error| OpenError::of(&other.name, error))?;
    holder.close();
    Ok(!taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_by_what_the_answer_does_not_explain() {
        let [asked, answered] = [1_000, 1_200].map(Timestamp::from_micros);
        for (there, wanted) in [(900, -100), (1_000, 0), (1_100, 0), (1_200, 0), (1_500, 300)] {
            assert_eq!(ahead(there, asked, answered), wanted, "{there}");
        }
        // This machine's clock was set back meanwhile.
        assert_eq!(ahead(900, answered, asked), -300);
    }
}
