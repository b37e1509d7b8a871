//! `/api/account`.

mod events;
mod password;
