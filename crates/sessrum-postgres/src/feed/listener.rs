use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client};

use super::{Instance, run_unprepared};
use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::server::Server;
use crate::sql::{Params, Statement};

/// A connection of its own, which hears what PostgreSQL notifies of.
pub(super) struct Listener {
    client: Client,
    notified: Arc<Notify>,
    driving: JoinHandle<()>,
    patience: Duration,
}

impl Listener {
    /// Connects, and listens to a channel for notifications of other instances.
    pub(super) async fn connect(
        server: &Server,
        channel: Option<&str>,
        instance: Arc<Instance>,
        patience: Duration,
    ) -> Result<Self> {
        let (client, mut connection) = server.connect().await?;
        let notified = Arc::new(Notify::new());
        let notify = Arc::clone(&notified);
        let driving = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                // What this instance did it has told itself.
                if let AsyncMessage::Notification(news) = message
                    && news.payload() != instance.id().to_string()
                {
                    notify.notify_one();
                }
            }
            // The next question finds the connection gone.
            notify.notify_one();
        });
        let listener = Self { client, notified, driving, patience };
        if let Some(channel) = channel {
            let listen = format!("LISTEN {channel}");
            listener.in_time(listener.client.batch_execute(&listen)).await?;
        }
        Ok(listener)
    }

    /// Waits for a notification. One that came before the call counts.
    pub(super) async fn notified(&self) {
        self.notified.notified().await;
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

impl Drop for Listener {
    fn drop(&mut self) {
        self.driving.abort();
    }
}
