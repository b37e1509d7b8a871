//! What is SQLite's own. How stores behave alike is in the conformance suite.

#![cfg(test)]

mod caching;
mod concurrency;
mod feed;
mod opening;
mod support;
mod tables;
