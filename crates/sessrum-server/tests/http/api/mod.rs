//! The session API, a file a route.

mod login;
