use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client};

use super::Instance;
use crate::connection::run_unprepared;
use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::server::{GRACE, Server, set_limit};
use crate::sql::{Params, Statement};
use crate::task::Task;

/// A connection of its own, which hears what PostgreSQL notifies of.
pub(super) struct Listener {
    client: Client,
    _driving: Task,
    patience: Duration,
}

impl Listener {
    /// Connects, and listens to a channel for notifications of other instances. A statement may take as
    /// long as `limit`.
    pub(super) async fn connect(
        server: &Server,
        channel: Option<&str>,
        instance: Arc<Instance>,
        limit: Duration,
    ) -> Result<Self> {
        let (client, mut connection) = server.connect().await?;
        let driving = Task::start(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                // What this instance did it has told itself.
                if let AsyncMessage::Notification(news) = message
                    && news.payload() != instance.signature()
                {
                    instance.look();
                }
            }
            // The next look finds the connection gone.
            instance.look();
        });
        let patience = limit.saturating_add(GRACE);
        let listener = Self { client, _driving: driving, patience };
        if !server.is_lent {
            listener.in_time(listener.client.batch_execute(&set_limit(limit))).await?;
        }
        if let Some(channel) = channel {
            let listen = format!("LISTEN {channel}");
            listener.in_time(listener.client.batch_execute(&listen)).await?;
        }
        Ok(listener)
    }

    pub(super) async fn run(&self, statement: Statement, params: Params<'_>) -> Result<Rows> {
        self.in_time(run_unprepared(&self.client, statement, params)).await
    }

    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        Ok(timeout(self.patience, answer).await.map_err(|_| Error::TimedOut)??)
    }
}

#[cfg(test)]
mod tests {
    use sessrum_testbed::Postgres;
    use tokio_postgres::error::SqlState;

    use super::*;
    use crate::PostgresOptions;

    /// And not now the server, now nobody: each would be told as something new.
    #[tokio::test]
    async fn what_takes_too_long_is_ended_by_the_server_each_time() {
        const FOREVER: Statement = Statement { text: "SELECT pg_sleep(60)", types: &[] };
        let database = Postgres::shared().await.database().await;
        let url = database.url();
        let server = Server::of(&url, &PostgresOptions::new(&url)).unwrap();
        let limit = Duration::from_millis(100);
        let listener = Listener::connect(&server, None, Arc::default(), limit).await.unwrap();
        for _ in 0..10 {
            let Err(error) = listener.run(FOREVER, &[]).await else { panic!("it has ended") };
            assert!(
                matches!(&error, Error::Refused { code: SqlState::QUERY_CANCELED, .. }),
                "{error}"
            );
        }
    }
}
