//! Sessrum's stores on PostgreSQL.

mod accounts;
mod compaction;
mod connection;
mod data;
mod directory;
mod error;
mod events;
mod examine;
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
mod throttle;
mod values;
mod writer;

pub use examine::{DirectWay, Examination, Pooling, examine};
pub use open::{check_schema, has_users, migrate};
pub use open_error::OpenError;
pub use options::PostgresOptions;
pub use shown::shown;
pub use store::PostgresStore;
