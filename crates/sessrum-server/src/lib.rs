//! The Sessrum server: sessions beside any web application.
//!
//! [`config`] says how it runs, [`Instance`] is the opened database with everything on it,
//! [`app`] the router of the API and the pages, [`jobs`] what runs in the background, [`cli`] the
//! operator's commands.

pub mod app;
pub mod cli;
pub mod config;
mod database;
mod demo;
mod health;
mod instance;
pub mod jobs;
mod open_files;
pub mod pages;
mod secret_file;
mod serve;

pub use instance::Instance;
