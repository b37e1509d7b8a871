//! The session API. One file is one route or one resource.

mod admin;
mod complete;
mod data;
mod data_parameters;
mod documented;
mod events;
mod heartbeat;
mod live_events;
mod login;
mod logout;
mod paging;
mod password;
mod platform;
mod platforms;
mod reauthenticate;
mod sessions;
mod state;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRef};
use sessrum_core::{Accounts, UnifiedSessionManager};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use events::{OwnActor, own_events};
pub use login::sign_in;
pub use logout::{CLEAR_SITE_DATA, sign_out};
pub use password::change_password;
pub use platforms::{
    PlatformInput, PlatformInputError, PlatformRow, apply as change_platform,
    connect as connect_platform, disconnect as disconnect_platform,
};
pub use reauthenticate::prove_again;
pub use sessions::{Device, devices, end_device, end_other_devices};
pub use state::{SignedInState, State, StatePlatform, StateSession, StateUser};

use crate::problem::{FieldError, Problem};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 512 * 1024;

/// What the handlers work with.
#[derive(Clone)]
pub struct ApiState {
    /// Passwords and sessions.
    pub accounts: Arc<Accounts>,
}

impl FromRef<ApiState> for Arc<Accounts> {
    fn from_ref(state: &ApiState) -> Self {
        Self::clone(&state.accounts)
    }
}

impl FromRef<ApiState> for Arc<UnifiedSessionManager> {
    fn from_ref(state: &ApiState) -> Self {
        Self::clone(state.accounts.manager())
    }
}

/// What the routes have in common.
#[derive(OpenApi)]
#[openapi(components(schemas(Problem, FieldError)))]
struct Described;

/// Every route of the session API, with its OpenAPI description.
pub fn router(state: ApiState) -> OpenApiRouter {
    let mut router = OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(login::login))
        .routes(routes!(logout::logout))
        .routes(routes!(state::state))
        .routes(routes!(state::csrf_token))
        .routes(routes!(heartbeat::heartbeat))
        .routes(routes!(live_events::watch))
        .routes(routes!(platform::switch))
        .routes(routes!(reauthenticate::reauthenticate))
        .routes(routes!(data::list))
        .routes(routes!(data::get, data::put, data::remove))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::revoke_others))
        .routes(routes!(platforms::list, platforms::add))
        .routes(routes!(platforms::get, platforms::change, platforms::remove))
        .routes(routes!(platforms::make_default))
        .routes(routes!(password::change))
        .routes(routes!(events::list))
        .merge(admin::router())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(state);
    complete::complete(router.get_openapi_mut());
    router
}
