//! The site over HTTP, as browsers and programs meet it: the production router on a database, a clock
//! that stands still, no sleeps. `SESSRUM_TEST_DATABASE=postgres` has them on PostgreSQL in place of
//! SQLite. Ids such as `7.2.4` and "abuse 5" are those of docs/security.md.

#![cfg(test)]
#![expect(clippy::unchecked_time_subtraction, reason = "a second less than a limit of minutes")]

mod api;
mod cookies;
mod csrf;
mod ending;
mod faults;
mod fixation;
mod headers;
mod health;
mod input;
mod library;
mod lifetime;
mod media_types;
mod openapi;
mod outage;
mod privacy;
mod problems;
mod proxies;
mod refusals;
mod replay;
mod rotation;
mod routing;
mod slow_bodies;
mod support;
mod throttle;
mod tokens;
