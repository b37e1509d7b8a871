//! The pages, through a router that is layered as in production. One module is one URL.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod account;
mod assets;
mod browser;
mod crawl;
mod home;
mod html;
mod login;
mod logout;
mod problem;
mod sent_forms;
mod site;
