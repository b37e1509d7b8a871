//! Connections, and the one way to run a statement on them.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{Object, Pool};
use futures_util::TryStreamExt as _;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, RowStream};

use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::sql::{Params, Statement};

/// Connections to one server, made when they are asked for.
pub(crate) struct Connections {
    pool: Pool,
    is_prepared: bool,
    patience: Duration,
}

impl Connections {
    /// Whose statements are prepared or not, and have so long for an answer.
    pub(crate) const fn new(pool: Pool, is_prepared: bool, patience: Duration) -> Self {
        Self { pool, is_prepared, patience }
    }

    /// One that nobody else uses, as soon as there is one.
    pub(crate) async fn get(&self) -> Result<Connection> {
        let client = self.pool.get().await?;
        Ok(Connection { client, is_prepared: self.is_prepared, patience: self.patience })
    }

    /// Closes those that nobody uses: where one has died, its neighbours may have, too.
    pub(crate) fn close_idle(&self) {
        self.pool.retain(|_, _| false);
    }
}

/// A connection that is lent. It goes back by itself.
pub(crate) struct Connection {
    client: Object,
    is_prepared: bool,
    patience: Duration,
}

impl Connection {
    /// Prepares statements, so that each is sent the moment it is run.
    pub(crate) async fn prepare(&self, statements: &[Statement]) -> Result<()> {
        if self.is_prepared {
            for Statement { text, types } in statements {
                self.in_time(self.client.prepare_typed_cached(text, types)).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn run(&self, statement: Statement, params: Params<'_>) -> Result<Rows> {
        debug_assert_eq!(statement.types.len(), params.len(), "{}", statement.text);
        self.in_time(async {
            if self.is_prepared {
                let Statement { text, types } = statement;
                let prepared = self.client.prepare_typed_cached(text, types).await?;
                let params = params.iter().map(|param| Unlogged(*param));
                rows_of(self.client.query_raw(&prepared, params).await?).await
            } else {
                run_unprepared(&self.client, statement, params).await
            }
        })
        .await
    }

    /// Runs commands that take no parameters, such as those of a transaction.
    pub(crate) async fn command(&self, commands: &str) -> Result<()> {
        self.in_time(self.client.batch_execute(commands)).await
    }

    /// The connection itself, for what goes another way and takes its time.
    pub(crate) fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Closes it.
    pub(crate) fn close(self) {
        drop(Object::take(self.client));
    }

    /// Gives it back when the answer has come that nobody waits for any more: whoever is lent it next would
    /// wait for that.
    pub(crate) fn leave(self) {
        // The last of a runtime is dropped outside of it.
        let Ok(runtime) = Handle::try_current() else { return self.close() };
        runtime.spawn(async move {
            // Answered after that.
            if self.command("").await.is_err() {
                self.close();
            }
        });
    }

    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>> + Send,
    ) -> Result<T> {
        Ok(timeout(self.patience, answer).await.map_err(|_| Error::TimedOut)??)
    }
}

/// Runs a statement in one round trip, without preparing it before.
pub(crate) async fn run_unprepared(
    client: &Client,
    Statement { text, types }: Statement,
    params: Params<'_>,
) -> Result<Rows, tokio_postgres::Error> {
    let params = params.iter().map(|param| Unlogged(*param)).zip(types.iter().cloned());
    rows_of(client.query_typed_raw(text, params).await?).await
}

async fn rows_of(answer: RowStream) -> Result<Rows, tokio_postgres::Error> {
    let mut answer = pin!(answer);
    let mut rows = Vec::new();
    while let Some(row) = answer.try_next().await? {
        rows.push(row);
    }
    Ok(Rows { rows, affected: answer.rows_affected().unwrap_or(0) })
}

/// A parameter that is sent and never shown: the client logs what it sends when it is asked to.
struct Unlogged<'a>(&'a (dyn ToSql + Sync));

impl fmt::Debug for Unlogged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Unlogged<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.to_sql_checked(of, out)
    }

    fn accepts(_: &Type) -> bool {
        // The parameter itself is asked when it is sent.
        true
    }

    to_sql_checked!();
}
