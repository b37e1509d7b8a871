use std::sync::Arc;

use axum::extract::State as FromState;
use serde::Serialize;
use sessrum_core::{
    PlatformId, PlatformInfo, SessionContext, SessionHandle, Timestamp, UnifiedSessionManager,
    UserId,
};
use utoipa::ToSchema;

use super::documented::Reading;
use crate::extract::ObservedSession;
use crate::json::JsonBody;
use crate::problem::Problem;

/// A key as the directory has it: a number or a text.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Key {
    #[expect(dead_code, reason = "describes the JSON of the core's keys")]
    Integer(i64),
    #[expect(dead_code, reason = "describes the JSON of the core's keys")]
    Text(String),
}

/// A role, from the least to the most that it allows.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the JSON of the core's roles")]
pub(crate) enum Role {
    Viewer,
    Reviewer,
    Moderator,
    Admin,
}

/// What a page knows of its session. Nothing in it is secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct State {
    /// Always true: whoever is not signed in gets a problem instead.
    authenticated: bool,
    /// The server's clock.
    #[schema(value_type = String, format = DateTime)]
    server_time: Timestamp,
    session: StateSession,
    user: StateUser,
    /// Null when none is chosen.
    platform: Option<StatePlatform>,
}

/// The session's part of a [`State`].
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StateSession {
    /// The session's public name.
    #[schema(value_type = String)]
    handle: SessionHandle,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_activity: Timestamp,
    /// When the user last proved who they are.
    #[schema(value_type = String, format = DateTime)]
    authenticated_at: Timestamp,
    /// When the session ends in any case.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it ends if nothing more happens.
    #[schema(value_type = String, format = DateTime)]
    idle_expires_at: Timestamp,
    /// From when on an open page warns that the session is about to end.
    #[schema(value_type = String, format = DateTime)]
    expiring_at: Timestamp,
    /// Grows with each change: what has a smaller one is older.
    revision: i64,
}

/// The user's part of a [`State`].
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StateUser {
    #[schema(value_type = Key)]
    id: UserId,
    username: String,
    email: String,
    #[schema(value_type = Role)]
    role: sessrum_core::Role,
}

/// A platform, without its credentials.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatePlatform {
    #[schema(value_type = Key)]
    id: PlatformId,
    name: String,
    platform_type: String,
    instance_url: String,
    /// The user's name there.
    username: String,
    is_default: bool,
}

impl From<PlatformInfo> for StatePlatform {
    fn from(platform: PlatformInfo) -> Self {
        let PlatformInfo { id, name, platform_type, instance_url, username, is_default } = platform;
        Self { id, name, platform_type, instance_url, username, is_default }
    }
}

impl State {
    /// The state of a context, now.
    #[must_use]
    pub fn of(context: &SessionContext, manager: &UnifiedSessionManager) -> Self {
        let (session, user) = (&context.session, context.user.clone());
        Self {
            authenticated: true,
            server_time: manager.now(),
            session: StateSession {
                handle: session.handle,
                created_at: session.created_at,
                last_activity: session.last_activity,
                authenticated_at: session.authenticated_at,
                expires_at: session.expires_at,
                idle_expires_at: context.idle_expires_at,
                expiring_at: manager.warns_at(context),
                revision: session.revision,
            },
            user: StateUser {
                id: user.id,
                username: user.username,
                email: user.email,
                role: user.role,
            },
            platform: context.platform.clone().map(StatePlatform::from),
        }
    }
}

/// A [`State`] with a CSRF token, for whoever has just got a session or a new token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignedInState {
    #[serde(flatten)]
    state: State,
    /// For the header `X-CSRF-Token` of unsafe requests.
    csrf_token: String,
}

impl SignedInState {
    /// The state of a context, now, with a fresh token.
    ///
    /// # Errors
    /// A [`Problem`] when there is no randomness to be had.
    pub fn of(context: &SessionContext, manager: &UnifiedSessionManager) -> Result<Self, Problem> {
        let state = State::of(context, manager);
        Ok(Self { state, csrf_token: new_csrf_token(context, manager)? })
    }
}

/// A session's CSRF token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CsrfToken {
    /// For the header `X-CSRF-Token` of unsafe requests.
    csrf_token: String,
}

/// The session's state. Asking for it is no activity.
#[utoipa::path(get, path = "/api/session/state", tag = "session", responses(
    (status = 200, body = State),
    Reading,
))]
pub(super) async fn state(
    session: ObservedSession,
    FromState(manager): FromState<Arc<UnifiedSessionManager>>,
) -> JsonBody<State> {
    JsonBody(State::of(&session, &manager))
}

/// A CSRF token of the session. Each answer has another; all are good while the session lives.
#[utoipa::path(get, path = "/api/session/csrf-token", tag = "session", responses(
    (status = 200, body = CsrfToken),
    Reading,
))]
pub(super) async fn csrf_token(
    session: ObservedSession,
    FromState(manager): FromState<Arc<UnifiedSessionManager>>,
) -> Result<JsonBody<CsrfToken>, Problem> {
    Ok(JsonBody(CsrfToken { csrf_token: new_csrf_token(&session, &manager)? }))
}

fn new_csrf_token(
    context: &SessionContext,
    manager: &UnifiedSessionManager,
) -> Result<String, Problem> {
    Ok(manager.csrf_key().session_token(&context.session.handle, manager.random())?)
}
