//! Sessrum's stores on PostgreSQL: sessions, their data, users, platforms and the audit trail, for
//! several instances at once.
//!
//! ```no_run
//! use sessrum_core::store::{AccountStore as _, AddUser, NewUser};
//! use sessrum_core::{Change, EventSealer, OsRandom, Role, SecretKey, Timestamp};
//! use sessrum_postgres::{PostgresOptions, PostgresStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = PostgresOptions::new("postgres://sessrum:secret@db.example/sessions");
//! sessrum_postgres::migrate(&options).await?;
//! let sealer = EventSealer::new(&SecretKey::generate(&OsRandom)?, &OsRandom)?;
//! let store = PostgresStore::open(&options, sealer).await?;
//! let user = NewUser {
//!     username: "ada".to_owned(),
//!     email: "ada@example.org".to_owned(),
//!     role: Role::Admin,
//!     password_hash: None,
//! };
//! let change = Change::by_system(Timestamp::from_micros(1_700_006_400_000_000));
//! assert_eq!(store.add_user(user, &change).await?, AddUser::Added(1.into()));
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - **Acknowledged is durable.** A verb that changes something returns after its transaction is on
//!   the server's disk, also where the database is set to `synchronous_commit = off`. (`fsync = off`
//!   is the server's own, and takes the promise back.)
//! - **Writers take turns**, over all instances: events are numbered in the order of their commits,
//!   and no two writers wait for each other in a circle. One that stops in the middle of its turn loses
//!   it to the server's timeouts.
//! - **Changes are committed in groups.** One task of an instance writes, and commits all that is
//!   queued at once, or what of it a tenth of [`statement_timeout`](PostgresOptions::statement_timeout)
//!   is enough for. A change that fails does not undo its neighbours, unless it took too long.
//! - **Nothing is made twice.** A change is made once more only when it is sure that nothing of it was
//!   committed. A connection that breaks at the commit leaves that open: the caller is told
//!   [`Unavailable`](sessrum_core::store::StoreErrorKind::Unavailable).
//! - **Other instances hear of it**, within milliseconds as a rule. None goes by what was before for
//!   longer than a [`lease`](PostgresOptions::lease) after the commit, whatever becomes of it or of its
//!   connections; with [`Revocation::Barrier`] none does once an end is acknowledged.
//! - **It recovers by itself.** A connection that broke is replaced, and a look-up that met it is made
//!   again.
//!
//! # Where it runs
//!
//! In the Tokio runtime that it was opened in, which needs I/O and timers. When the store is dropped, a
//! task of that runtime finishes what is queued, unless the runtime stops first;
//! [`close`](PostgresStore::close) waits for it. On the server it needs a role that owns its tables and
//! a database in UTF-8, and no more than [`pool_size`](PostgresOptions::pool_size) + 4 connections: beside
//! those that read one writes, one listens, one is there while the jobs are done, and one while it
//! compacts. Where there is a [`direct_url`](PostgresOptions::direct_url) one more looks for a moment
//! whether both ways lead to one database. Two more while it migrates. Another machine is spoken to by
//! TLS, and trusted by its certificate.
//!
//! A pooler such as `PgBouncer` may stand in front of it, in transaction mode, too: see
//! [`direct_url`](PostgresOptions::direct_url) and
//! [`prepared_statements`](PostgresOptions::prepared_statements).
//!
//! # What is left of who was forgotten
//!
//! [`compact`](sessrum_core::store::SessionStore::compact) vacuums the tables while they are used: no
//! query finds the rows that were removed, and their place is free. It waits as long as a statement may
//! take for transactions that still see them, fails when they are not over by then, or when the role does
//! not own the tables, and is due until it has succeeded. Statistics are counted anew, but for tables
//! that are empty then: of those PostgreSQL keeps what it counted last. The bytes of those rows may still
//! be in that place until something else is written there, in the write-ahead log until it is recycled,
//! and in whatever is made of that: standbys, archives, backups. Who must have them overwritten at once
//! runs `VACUUM FULL` while nothing else runs.

mod accounts;
mod compaction;
mod connection;
mod data;
mod directory;
mod error;
mod events;
mod examine;
mod feed;
mod hosts;
mod jobs;
mod open;
mod open_error;
mod options;
mod platform_use;
mod readers;
mod rows;
mod server;
mod sessions;
mod shown;
mod sql;
mod store;
mod task;
mod throttle;
mod values;
mod writer;

pub use examine::{DirectWay, Examination, Pooling, examine};
pub use open::{check_schema, has_users, migrate};
pub use open_error::OpenError;
pub use options::{InvalidOption, PostgresOptions, Revocation};
pub use shown::shown;
pub use store::PostgresStore;
