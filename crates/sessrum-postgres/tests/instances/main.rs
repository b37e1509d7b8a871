//! Several instances over one database.

#![cfg(test)]

mod barrier;
mod hearing;
mod support;
