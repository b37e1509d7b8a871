mod input;

use axum::http::StatusCode;
use serde::Serialize;
use sessrum_core::store::{
    AddPlatform, MOST_PLATFORMS, PlatformChange, PlatformConnection, PlatformOutcome,
};
use sessrum_core::{PlatformId, SessionContext, Timestamp};
use utoipa::ToSchema;

use input::PlatformChangeInput;
pub use input::{PlatformInput, PlatformInputError};

use super::documented::{Changing, Reading, Sending};
use super::state::StatePlatform;
use crate::extract::{CurrentSession, PathText};
use crate::json::JsonBody;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

/// A platform connection. Credentials go in and never out.
#[derive(Serialize, ToSchema)]
pub struct PlatformRow {
    #[serde(flatten)]
    info: StatePlatform,
    /// Whether it can be chosen.
    is_active: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When a session last went into it.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used: Option<Timestamp>,
}

impl From<PlatformConnection> for PlatformRow {
    fn from(row: PlatformConnection) -> Self {
        let PlatformConnection { info, is_active, created_at, last_used } = row;
        Self { info: info.into(), is_active, created_at, last_used }
    }
}

/// The user's platforms.
#[derive(Serialize, ToSchema)]
pub(super) struct PlatformRows {
    platforms: Vec<PlatformRow>,
}

/// The user's platforms, inactive ones too: the default first, then by name. There are so few that
/// they are one page.
#[utoipa::path(get, path = "/api/platforms", tag = "platforms", responses(
    (status = 200, body = PlatformRows),
    Reading,
))]
pub(super) async fn list(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
) -> Result<JsonBody<PlatformRows>, Problem> {
    let rows = session.manager().store().platform_connections(context.user_id()).await?;
    Ok(JsonBody(PlatformRows { platforms: rows.into_iter().map(PlatformRow::from).collect() }))
}

/// Connects a platform. A session that had none is in it from now on.
#[utoipa::path(post, path = "/api/platforms", tag = "platforms", request_body = PlatformInput,
responses(
    (status = 201, body = StatePlatform),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    Sending,
))]
pub(super) async fn add(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    JsonBody(input): JsonBody<PlatformInput>,
) -> Result<(StatusCode, JsonBody<StatePlatform>), Problem> {
    Ok((StatusCode::CREATED, JsonBody(connect(&session, &context, input).await?)))
}

/// Connects a platform, for the API and for the pages.
///
/// # Errors
/// 422 names the field that is wrong; 409 when the user has such a platform already.
pub async fn connect(
    session: &RequestSession,
    context: &SessionContext,
    input: PlatformInput,
) -> Result<StatePlatform, Problem> {
    let manager = session.manager();
    let new = input.check(context.user_id(), manager)?;
    let change = manager.change_by(context, session.client());
    match manager.store().add_platform(context.user_id(), new, &change).await? {
        AddPlatform::Added(platform) => {
            if context.platform.is_none() {
                let (id, revision) = (&platform.id, Some(context.session.revision));
                let chosen =
                    manager.update_platform_context(context, id, revision, session.client()).await;
                // The platform is connected whatever becomes of this; it can be chosen later.
                if let Err(error) = chosen {
                    tracing::warn!("the session is not in its first platform yet: {error}");
                }
            }
            Ok(platform.into())
        }
        AddPlatform::NameTaken => Err(taken("name", "is the name of another of your platforms")),
        AddPlatform::AccountTaken => Err(taken("username", "is connected already")),
        AddPlatform::TooMany => Err(Problem::new(Code::ValidationFailed)
            .with_status(StatusCode::CONFLICT)
            .with_detail(format!("You have {MOST_PLATFORMS} platforms. Remove one first."))),
        AddPlatform::UserUnknown => Err(no_bundled_users()),
    }
}

/// One of the user's platforms.
#[utoipa::path(get, path = "/api/platforms/{id}", tag = "platforms",
params(("id" = i64, Path)), responses(
    (status = 200, body = PlatformRow),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Reading,
))]
pub(super) async fn get(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<JsonBody<PlatformRow>, Problem> {
    let id = platform_id(&id)?;
    let rows = session.manager().store().platform_connections(context.user_id()).await?;
    let row = rows.into_iter().find(|row| row.info.id == id);
    row.map(|row| JsonBody(row.into())).ok_or_else(|| Problem::new(Code::PlatformNotFound))
}

/// Changes one of the user's platforms. What is left out stays.
#[utoipa::path(patch, path = "/api/platforms/{id}", tag = "platforms",
params(("id" = i64, Path)), request_body = PlatformChangeInput, responses(
    (status = 200, body = PlatformRow),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    Sending,
))]
pub(super) async fn change(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
    JsonBody(input): JsonBody<PlatformChangeInput>,
) -> Result<JsonBody<PlatformRow>, Problem> {
    let what = input.check(context.user_id(), session.manager())?;
    Ok(JsonBody(apply(&session, &context, &platform_id(&id)?, what).await?.into()))
}

/// Makes one of the user's platforms the default: new sessions start with it.
#[utoipa::path(post, path = "/api/platforms/{id}/default", tag = "platforms",
params(("id" = i64, Path)), responses(
    (status = 200, body = PlatformRow),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Changing,
))]
pub(super) async fn make_default(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<JsonBody<PlatformRow>, Problem> {
    let what = PlatformChange { is_default: Some(true), ..PlatformChange::default() };
    Ok(JsonBody(apply(&session, &context, &platform_id(&id)?, what).await?.into()))
}

/// Changes one of the user's platforms, for the API and for the pages.
///
/// # Errors
/// 404 [`Code::PlatformNotFound`] when it is not the user's, 409 when the name is taken.
pub async fn apply(
    session: &RequestSession,
    context: &SessionContext,
    platform: &PlatformId,
    what: PlatformChange,
) -> Result<PlatformConnection, Problem> {
    let manager = session.manager();
    let change = manager.change_by(context, session.client());
    match manager.store().change_platform(context.user_id(), platform, what, &change).await? {
        PlatformOutcome::Changed(row) => Ok(row),
        PlatformOutcome::NotFound => Err(Problem::new(Code::PlatformNotFound)),
        PlatformOutcome::NameTaken => {
            Err(taken("name", "is the name of another of your platforms"))
        }
    }
}

/// Removes one of the user's platforms. Sessions that were in it have none.
#[utoipa::path(delete, path = "/api/platforms/{id}", tag = "platforms",
params(("id" = i64, Path)), responses(
    (status = 204, description = "It is gone."),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Changing,
))]
pub(super) async fn remove(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<StatusCode, Problem> {
    disconnect(&session, &context, &platform_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes one of the user's platforms, for the API and for the pages.
///
/// # Errors
/// 404 [`Code::PlatformNotFound`] when it is not the user's.
pub async fn disconnect(
    session: &RequestSession,
    context: &SessionContext,
    platform: &PlatformId,
) -> Result<(), Problem> {
    let manager = session.manager();
    let change = manager.change_by(context, session.client());
    if manager.store().remove_platform(context.user_id(), platform, &change).await? {
        Ok(())
    } else {
        Err(Problem::new(Code::PlatformNotFound))
    }
}

/// Bundled platforms have whole numbers as keys; anything else is nobody's.
fn platform_id(text: &str) -> Result<PlatformId, Problem> {
    text.parse::<i64>().map(PlatformId::from).map_err(|_| Problem::new(Code::PlatformNotFound))
}

fn taken(field: &str, message: &str) -> Problem {
    Problem::field(field, message).with_status(StatusCode::CONFLICT)
}

fn no_bundled_users() -> Problem {
    Problem::new(Code::NotFound).with_detail("Platforms are managed by the application itself.")
}
