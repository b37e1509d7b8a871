//! `/api/account`.

mod password;
