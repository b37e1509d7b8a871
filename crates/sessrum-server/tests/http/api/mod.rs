//! The session API, a file a route.

mod account;
mod login;
mod logout;
mod platforms;
mod session;
mod sessions;
