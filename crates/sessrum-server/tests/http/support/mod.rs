//! What the tests stand on: a [`Site`](site::Site), a [`Browser`](browser::Browser) that keeps its
//! cookie, an [`Answer`](answer::Answer).

mod answer;
mod base;
mod browser;
mod invariants;
mod log;
mod random;
mod routes;
mod site;
mod stream;

pub(crate) use answer::Answer;
pub(crate) use base::Wanted;
pub(crate) use browser::{Browser, Call};
pub(crate) use log::Log;
pub(crate) use routes::{Mutation, given, mutations, reading};
pub(crate) use site::{HTTP, HTTPS, PASSWORD, Plan, Site, hasher};

use std::time::Duration;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
