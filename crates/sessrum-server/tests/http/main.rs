//! The site over HTTP, as browsers and programs meet it: the production router on SQLite, a clock
//! that stands still, no sleeps. Ids such as `7.2.4` and "abuse 5" are those of the security
//! checklist.

#![cfg(test)]

mod api;
mod support;
