use std::sync::Arc;
use std::time::Duration;

use sessrum_core::{EventSealer, SealedEvent};
use tokio::join;

use super::failure::{Failure, Stage};
use super::ledger::Ledger;
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::feed::{Announcer, Committed};
use crate::rows::Rows;
use crate::sql::{Params, Statement, events};
use crate::values::Sql;

/// How long the server lets a transaction that writes go on, whatever becomes of this program: the
/// other instances wait for it.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// One statement, waiting included.
    pub(crate) statement: Duration,
}

impl Limits {
    /// How long changes are taken into a transaction: some eight other instances that do the same have
    /// their turns in the time that one waits for its own.
    pub(super) fn turn(self) -> Duration {
        self.statement / 10
    }

    /// Begins a transaction that sees what was committed by whoever wrote before, and is on the
    /// disk when it is committed. No plan reads a whole table because that was small when it was
    /// made: plans are kept.
    fn begin(self) -> String {
        let statement = i32::try_from(self.statement.as_millis()).unwrap_or(i32::MAX);
        // Whoever waits for its turn outlasts another that has stopped in the middle of its own.
        let idle = statement / 2;
        format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; \
             SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {statement}; \
             SET LOCAL idle_in_transaction_session_timeout = {idle}; \
             SET LOCAL enable_seqscan = off; \
             SELECT set_config('synchronous_commit', 'on', true) \
             WHERE current_setting('synchronous_commit') = 'off'"
        )
    }
}

/// What a change works with: the connection, in the transaction of its batch, and the events that
/// are recorded in it.
pub(crate) struct Writing {
    connection: Connection,
    pub(crate) sealer: Arc<EventSealer>,
    pub(crate) ledger: Ledger,
    last_kept: i64,
    asks_for_end: bool,
}

impl Writing {
    pub(super) fn new(connection: Connection, sealer: Arc<EventSealer>) -> Self {
        Self { connection, sealer, ledger: Ledger::after(0), last_kept: 0, asks_for_end: false }
    }

    /// Begins the transaction, and waits for its turn.
    pub(super) async fn begin(&mut self, limits: Limits) -> Result<()> {
        self.connection.prepare(&[events::TAKE_TURN]).await?;
        let commands = limits.begin();
        let (begun, turn) = join!(
            biased;
            self.connection.command(&commands),
            self.connection.run(events::TAKE_TURN, &[]),
        );
        begun?;
        self.last_kept = turn?.value()?;
        self.ledger = Ledger::after(self.last_kept);
        Ok(())
    }

    /// Prepares statements that are to be sent one after the other, without waiting for answers in
    /// between.
    pub(crate) async fn prepare(&self, statements: &[Statement]) -> Result<()> {
        self.connection.prepare(statements).await
    }

    pub(crate) async fn query(&self, statement: Statement, params: Params<'_>) -> Result<Rows> {
        self.connection.run(statement, params).await
    }

    /// Writes the events so far, for a change that reads them.
    pub(crate) async fn write_events(&mut self) -> Result<()> {
        let events = self.ledger.take_unwritten();
        insert(&self.connection, &events).await
    }

    /// The answer to this change says that something is over, also when it was before: another instance
    /// may have ended it a moment ago.
    pub(crate) const fn asks_for_end(&mut self) {
        self.asks_for_end = true;
    }

    /// Commits, and tells of it. Answers what has happened.
    pub(super) async fn commit(mut self, announcer: &Announcer) -> Result<Committed, Failure> {
        let events = self.ledger.take_unwritten();
        let ready = self.connection.prepare(&[events::INSERT, events::KEEP_LAST_GIVEN]).await;
        if let Err(error) = ready {
            self.roll_back(&error).await;
            return Err(Failure { error, stage: Stage::Undone });
        }
        let given = self.ledger.last_given();
        let keep = async {
            if given != self.last_kept {
                self.connection.run(events::KEEP_LAST_GIVEN, &[&given]).await?;
            }
            Ok(())
        };
        // At once, in this order. Where one fails PostgreSQL undoes all with the last.
        let notify = if given == self.last_kept { String::new() } else { announcer.notify() };
        let (inserted, kept, notified, committed) = join!(
            biased;
            insert(&self.connection, &events),
            keep,
            self.connection.command(&notify),
            self.connection.command("COMMIT"),
        );
        match inserted.and(kept).and(notified).and(committed) {
            Ok(()) => {
                let (first, last) = (self.last_kept.saturating_add(1), given);
                let (news, asks_for_end) = (self.ledger.into_news(), self.asks_for_end);
                let committed = Committed { news, first, last, asks_for_end };
                announcer.tell(&committed);
                Ok(committed)
            }
            // The server itself said that it undid everything. Of all else nobody knows.
            Err(error @ Error::Refused { ends_connection: false, .. }) => {
                Err(Failure { error, stage: Stage::Undone })
            }
            Err(error) => {
                self.connection.close();
                announcer.tell_of_doubt(&self.ledger.into_news());
                Err(Failure { error, stage: Stage::Unknown })
            }
        }
    }

    /// Undoes everything, after an error.
    pub(super) async fn roll_back(self, error: &Error) {
        if error.ends_connection() || self.connection.command("ROLLBACK").await.is_err() {
            self.connection.close();
        }
    }
}

async fn insert(connection: &Connection, events: &[SealedEvent]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        (|$sealed:ident| $value:expr) => {
            &events.iter().map(|$sealed| $value).collect::<Vec<_>>()
        };
    }
    let columns: Params<'_> = &[
        column!(|it| it.event.id),
        column!(|it| Sql(it.event.at)),
        column!(|it| it.event.kind.as_str()),
        column!(|it| it.event.user_id.clone().map(Sql)),
        column!(|it| it.event.session.map(Sql)),
        column!(|it| &it.event.actor),
        column!(|it| &it.event.ip_address),
        column!(|it| &it.event.user_agent),
        column!(|it| &it.event.device),
        column!(|it| &it.event.detail),
        column!(|it| &it.seal.key_id),
        column!(|it| it.seal.previous_id),
        column!(|it| it.seal.client_digest.map(Sql)),
        column!(|it| it.seal.client_salt.map(Sql)),
        column!(|it| it.seal.short_digest.map(Sql)),
        column!(|it| it.seal.short_salt.map(Sql)),
        column!(|it| Sql(it.seal.mac)),
    ];
    connection.run(events::INSERT, columns).await.map(drop)
}
