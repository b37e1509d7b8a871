//! What administrators do. One file is one resource.
//!
//! Everything here needs the role `admin`, as the directory has it at that moment, and whatever
//! changes something a fresh authentication too.

mod audit;
mod cleanup;
mod revoke;
mod sessions;
mod users;

use axum::http::StatusCode;
use sessrum_core::{Key, UnifiedSessionManager, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use crate::guard::{Admin, RequireFreshLogin, RequireRole};
use crate::problem::{Code, Problem};

/// An administrator who proved a short while ago who they are.
type FreshAdmin = (RequireRole<Admin>, RequireFreshLogin);

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(audit::list))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(revoke::user))
        .routes(routes!(revoke::everyone))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::change))
        .routes(routes!(cleanup::cleanup))
}

/// The user that an address names. Keys are numbers or texts, and an address does not say which.
async fn user_by_key(manager: &UnifiedSessionManager, name: &str) -> Result<UserId, Problem> {
    let number = name.parse().ok().map(|number| UserId(Key::Integer(number)));
    for id in number.into_iter().chain([UserId::from(name)]) {
        if manager.directory().user(&id).await?.is_some() {
            return Ok(id);
        }
    }
    Err(no_such_user())
}

/// The user who signs in by this name.
async fn user_by_name(manager: &UnifiedSessionManager, name: &str) -> Result<UserId, Problem> {
    let found = manager.directory().find_for_sign_in(name).await?;
    found.map(|facts| facts.user.info.id).ok_or_else(no_such_user)
}

fn no_such_user() -> Problem {
    Problem::new(Code::NotFound).with_detail("There is no such user.")
}

/// Something stands against it that is not in the input itself.
fn refused(field: &str, message: &str) -> Problem {
    Problem::field(field, message).with_status(StatusCode::CONFLICT)
}
