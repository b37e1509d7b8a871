//! `/api/session`.

mod csrf_token;
mod data;
mod heartbeat;
mod platform;
mod reauthenticate;
mod state;
