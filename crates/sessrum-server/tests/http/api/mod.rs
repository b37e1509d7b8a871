//! The session API, a file a route.

mod account;
mod admin;
mod login;
mod logout;
mod platforms;
mod session;
mod sessions;
