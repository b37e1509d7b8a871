//! Real servers that tests start by themselves, on free ports of this machine and with their own
//! data. They end with the test that started them, also when it is killed.
//!
//! [`Postgres`] is a cluster: one that all tests of a run share, or one of a test's own to be
//! stopped and crashed. [`PgBouncer`] stands in front of it, [`Nginx`] in front of instances of a
//! program, and [`TcpProxy`] is the network between any two, to be broken.
//!
//! ```no_run
//! use sessrum_testbed::Postgres;
//!
//! # async fn example() {
//! let database = Postgres::shared().await.database().await;
//! println!("{}", database.url());
//! # }
//! ```
//!
//! A server that cannot be started fails the test: everything here panics and says why.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this serves tests: what goes wrong fails them"
)]

mod account;
mod nginx;
mod pgbouncer;
mod port;
mod postgres;
mod process;
#[cfg(test)]
mod program;
mod random;
mod server;
mod tcp_proxy;
mod wait;

pub use nginx::Nginx;
pub use pgbouncer::PgBouncer;
pub use port::Port;
pub use postgres::{Database, Options, Postgres};
pub use tcp_proxy::{TcpProxy, Way};
pub use wait::until;
