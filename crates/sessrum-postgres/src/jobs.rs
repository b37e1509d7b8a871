//! Jobs: one instance at a time does them. The turn is an advisory lock of a transaction that does
//! nothing else. It ends with the connection: at once when a process ends, within [`KEPT_FOR`] when
//! nothing is heard of its machine any more.

use std::time::Duration;

use async_trait::async_trait;
use sessrum_core::Timestamp;
use sessrum_core::store::{JobClaim, JobStore, StoreError};
use tokio::sync::oneshot;
use tokio::time::interval;

use crate::connection::Connection;
use crate::error::Result;
use crate::server::Server;
use crate::sql::jobs as sql;
use crate::store::PostgresStore;
use crate::values::Sql;

/// Stands for the jobs, among the advisory locks of a database.
const JOBS: i64 = 0x5e55_7275_6d00_0002;

/// How long the server keeps the turn for an instance that it hears nothing of.
const KEPT_FOR: Duration = Duration::from_secs(30);

async fn claim(
    server: &Server,
    kept_for: Duration,
) -> Result<Option<oneshot::Sender<()>>, StoreError> {
    let connections = server.connections(1, server.statement_timeout)?;
    let connection = connections.get().await?;
    if !take_turn(&connection, kept_for).await? {
        connection.close();
        return Ok(None);
    }
    let (claim, given_back) = oneshot::channel();
    tokio::spawn(hold(connection, kept_for, given_back));
    Ok(Some(claim))
}

/// Begins a transaction that holds back nobody's vacuum: between its statements it sees nothing.
async fn take_turn(connection: &Connection, kept_for: Duration) -> Result<bool> {
    let begin = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; \
         SET LOCAL idle_in_transaction_session_timeout = {}",
        kept_for.as_millis()
    );
    connection.command(&begin).await?;
    connection.run(sql::CLAIM, &[&JOBS]).await?.value()
}

/// Keeps the turn until whoever has the claim drops it.
async fn hold(connection: Connection, kept_for: Duration, mut given_back: oneshot::Receiver<()>) {
    let mut ticks = interval(kept_for / 3);
    loop {
        tokio::select! {
            _ = &mut given_back => break,
            _ = ticks.tick() => {
                if connection.run(sql::GO_ON, &[]).await.is_err() {
                    break;
                }
            }
        }
    }
    connection.close();
}

#[async_trait]
impl JobStore for PostgresStore {
    async fn claim_jobs(&self) -> Result<Option<JobClaim>, StoreError> {
        Ok(claim(&self.direct, KEPT_FOR).await?.map(JobClaim::held_by))
    }

    async fn last_clean_up(&self) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<Sql<Timestamp>> =
            self.readers.query(sql::LAST_CLEAN_UP, &[]).await?.value()?;
        Ok(at.map(|Sql(at)| at))
    }

    async fn note_clean_up(&self, at: Timestamp) -> Result<(), StoreError> {
        self.writer
            .run(Sql(at), |at, writing| {
                Box::pin(async move { writing.query(sql::NOTE_CLEAN_UP, &[at]).await.map(drop) })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use sessrum_core::{Clock as _, SystemClock};
    use sessrum_testbed::{Postgres, TcpProxy, Way};

    use super::*;
    use crate::PostgresOptions;

    const SOON: Duration = Duration::from_millis(1500);

    fn server(url: &str) -> Server {
        Server::of(url, &PostgresOptions::new(url)).unwrap()
    }

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_its_job_and_no_longer_than_its_machine() {
        let database = Postgres::shared().await.database().await;
        let network = TcpProxy::start(database.address()).await;
        let one = server(&database.url_through(network.address()));
        let other = server(&database.url());
        let claim_of_one = claim(&one, SOON).await.unwrap().unwrap();
        // The first sign of life is two messages, and comes at once. So many take longer than the server
        // would have waited for one.
        for _ in 0..6 {
            let said = network.bytes(Way::ToServer);
            while network.bytes(Way::ToServer) == said {
                assert!(claim(&other, SOON).await.unwrap().is_none());
            }
        }
        network.stall(Way::ToServer);
        network.stall(Way::ToClient);
        let vanished_at = SystemClock.uptime();
        while claim(&other, SOON).await.unwrap().is_none() {}
        let taken_after = SystemClock.uptime().saturating_sub(vanished_at);
        assert!(taken_after < SOON * 2, "{taken_after:?}");
        drop(claim_of_one);
    }
}
