//! Sessrum's stores on SQLite: sessions, their data, users, platforms and the audit trail in one
//! file, with nothing else to run.
//!
//! ```
//! use sessrum_core::store::{AccountStore as _, AddUser, NewUser};
//! use sessrum_core::{Change, EventSealer, OsRandom, Role, SecretKey, Timestamp};
//! use sessrum_sqlite::SqliteStore;
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("sessions.db");
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let sealer = EventSealer::new(&SecretKey::generate(&OsRandom)?, &OsRandom)?;
//! let store = SqliteStore::open_and_migrate(&path, sealer)?;
//! let user = NewUser {
//!     username: "ada".to_owned(),
//!     email: "ada@example.org".to_owned(),
//!     role: Role::Admin,
//!     password_hash: None,
//! };
//! let change = Change::by_system(Timestamp::from_micros(1_700_006_400_000_000));
//! assert_eq!(store.add_user(user, &change).await?, AddUser::Added(1.into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! - **Acknowledged is durable.** A verb that changes something returns after its transaction is
//!   on the disk (write-ahead log, `synchronous = FULL`).
//! - **Changes are committed in groups.** One thread owns the connection that writes and commits
//!   all that is queued at once, so callers share the cost of the disk. A change that fails does
//!   not undo its neighbours; a commit that fails is told to all of them, and nothing was made.
//! - **Reading never waits for writing.** Look-ups run in place on connections of their own.
//! - **Another process may use the file**, such as the command line beside a server: it waits for
//!   its turn to write, up to ten seconds. What it commits is noticed within 100 ms; what was read before
//!   and [cached](sessrum_core::UnifiedSessionManager::with_cache_bytes) is used for no longer than 300 ms
//!   when it is not.
//!
//! # Where the file may be
//!
//! On a disk of this machine: the write-ahead log needs shared memory, which network file systems
//! do not give. The file and its journals (`-wal`, `-shm`) belong together, so copy them with
//! SQLite's own backup (`sqlite3 sessions.db ".backup copy.db"`), not one by one. The file is made
//! readable for its owner alone: it holds password hashes and sealed credentials.

mod accounts;
mod compaction;
mod data;
mod directory;
mod error;
mod events;
mod feed;
mod in_place;
mod jobs;
mod open;
mod open_error;
mod platform_use;
mod readers;
mod rows;
mod sessions;
mod sql;
mod store;
mod throttle;
mod writer;

pub use open::{check_file, check_schema, has_users, migrate};
pub use open_error::OpenError;
pub use store::SqliteStore;
