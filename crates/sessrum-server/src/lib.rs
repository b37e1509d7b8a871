//! The Sessrum server.

pub mod pages;
