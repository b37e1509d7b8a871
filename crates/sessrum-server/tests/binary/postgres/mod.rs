//! The program on PostgreSQL.

mod doctor;
mod installation;
mod instances;
mod migrating;
mod outage;
mod serving;

pub(crate) use installation::{Installation, KEY_BYTES, configure};
