use scopeguard::{ScopeGuard, guard};
use sessrum_core::store::StoreError;

use crate::connection::{Connection, Connections};
use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::sql::{Params, Statement};

/// Connections that read.
pub(crate) struct Readers(Connections);

impl Readers {
    pub(crate) const fn new(connections: Connections) -> Self {
        Self(connections)
    }

    /// Looks something up, in one round trip. Where the connection turns out to be broken it is
    /// looked up once more on another: reading changes nothing.
    pub(crate) async fn query(
        &self,
        statement: Statement,
        params: Params<'_>,
    ) -> Result<Rows, StoreError> {
        Ok(self.look_up(statement, params).await?)
    }

    /// [`query`](Self::query), for whoever is no caller of the stores.
    pub(crate) async fn look_up(&self, statement: Statement, params: Params<'_>) -> Result<Rows> {
        match self.ask(statement, params).await {
            Err(error) if error.ends_connection() => {
                self.0.close_idle();
                // Who did not answer in time would only be waited for again.
                if matches!(error, Error::TimedOut) {
                    Err(error)
                } else {
                    self.ask(statement, params).await
                }
            }
            answer => answer,
        }
    }

    async fn ask(&self, statement: Statement, params: Params<'_>) -> Result<Rows> {
        // Whoever asks may go away before the answer comes.
        let lent = guard(self.0.get().await?, Connection::leave);
        let answer = lent.run(statement, params).await;
        let connection = ScopeGuard::into_inner(lent);
        if answer.as_ref().is_err_and(Error::ends_connection) {
            connection.close();
        }
        answer
    }
}
