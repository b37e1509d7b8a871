use tokio::time::timeout;
use tokio_postgres::Statement;

use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::open_error::OpenError;
use crate::rows::plain;
use crate::server::Server;
use crate::sql::examine as sql;

/// How often it is looked whether two connections are one of the server's. A pooler gives the one
/// that came back last, unless others are as busy.
const TRIES: usize = 20;

/// How a connection is lent by what stands in front of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// For as long as the program is connected.
    None,
    /// For a transaction.
    ByTransaction {
        /// Whether a statement that was prepared is known in the next transaction.
        keeps_prepared: bool,
    },
}

/// Finds out how a server's connections are lent: whether a transaction runs where another connection,
/// which is still open, ran before.
pub(super) async fn of(server: &Server) -> Result<Pooling, OpenError> {
    let connections = server.connections(2, server.statement_timeout)?;
    let found = async {
        let (mut one, other) = (connections.get().await?, connections.get().await?);
        Trial::prepare(&mut one, server).await?.of(&other).await
    };
    found.await.map_err(|error| OpenError::of(&server.name, error))
}

/// A connection with a prepared statement.
struct Trial<'a> {
    client: &'a tokio_postgres::Client,
    statement: Statement,
    server: &'a Server,
}

impl<'a> Trial<'a> {
    async fn prepare(one: &'a mut Connection, server: &'a Server) -> Result<Self> {
        let client = &*one.client_mut();
        let prepared = timeout(server.statement_timeout, client.prepare(sql::PROCESS.text)).await;
        Ok(Self { client, statement: prepared.map_err(|_| Error::TimedOut)??, server })
    }

    /// The server's process that runs the prepared statement.
    async fn process(&self) -> Result<i32> {
        let answer = self.client.query_one(&self.statement, &[]);
        let row = timeout(self.server.statement_timeout, answer).await;
        plain(&row.map_err(|_| Error::TimedOut)??, 0)
    }

    async fn of(&self, other: &Connection) -> Result<Pooling> {
        let mut first = None;
        for _ in 0..TRIES {
            let process = match self.process().await {
                Ok(process) => process,
                Err(error) if error.ends_connection() => return Err(error),
                Err(_) => return Ok(Pooling::ByTransaction { keeps_prepared: false }),
            };
            if *first.get_or_insert(process) != process {
                return Ok(Pooling::ByTransaction { keeps_prepared: true });
            }
            other.command("BEGIN").await?;
            if other.run(sql::PROCESS, &[]).await?.value::<i32>()? == process {
                // As long as the other has it, this one gets another.
                let keeps_prepared = self.process().await.is_ok();
                if !keeps_prepared {
                    // Nobody has use for it there any more.
                    other.command("DEALLOCATE ALL").await?;
                }
                other.command("ROLLBACK").await?;
                return Ok(Pooling::ByTransaction { keeps_prepared });
            }
            other.command("ROLLBACK").await?;
        }
        Ok(Pooling::None)
    }
}
