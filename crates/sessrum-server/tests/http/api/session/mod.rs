//! `/api/session`.

mod csrf_token;
mod data;
mod events;
mod heartbeat;
mod platform;
mod reauthenticate;
mod state;
