//! What is PostgreSQL's own. How stores behave alike is in the conformance suite.

#![cfg(test)]

mod clean_up;
mod commits;
mod concurrency;
mod connections;
mod crash;
mod logging;
mod many_rows;
mod opening;
mod pooler;
mod refusals;
mod schema;
mod sign_ins;
mod support;
mod tables;
mod texts;
mod tls;
mod unreadable;
