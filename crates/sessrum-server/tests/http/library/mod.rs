//! Applications that use the library: their own routes beside the session API.

mod accessors;
mod answers;
mod directory;
mod guards;
mod own_sign_in;
mod parked;

use axum::Router;

use crate::support::{Plan, Site};

pub(crate) async fn application(routes: Router) -> Site {
    Site::of(Plan { routes: Some(routes), ..Plan::default() }).await
}
