use serde::Deserialize;
use sessrum_core::{PlatformId, SwitchOutcome};
use utoipa::ToSchema;

use super::documented::Sending;
use super::state::{Key, State};
use crate::extract::CurrentSession;
use crate::json::JsonBody;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchInput {
    #[schema(value_type = Key)]
    platform_id: PlatformId,
    /// Switch only if this is still the session's revision.
    revision: Option<i64>,
}

/// Switches the session's platform, all or nothing.
#[utoipa::path(post, path = "/api/session/platform", tag = "session", request_body = SwitchInput,
responses(
    (status = 200, body = State),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    Sending,
))]
pub(super) async fn switch(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    JsonBody(input): JsonBody<SwitchInput>,
) -> Result<JsonBody<State>, Problem> {
    let manager = session.manager();
    let outcome = manager
        .update_platform_context(&context, &input.platform_id, input.revision, session.client())
        .await?;
    match outcome {
        SwitchOutcome::Switched(now) => {
            let state = State::of(&now, manager);
            session.update(*now);
            Ok(JsonBody(state))
        }
        SwitchOutcome::Conflict(now) => {
            let mut conflict = Problem::new(Code::RevisionConflict);
            conflict.current = serde_json::value::to_raw_value(&State::of(&now, manager)).ok();
            Err(conflict)
        }
        SwitchOutcome::PlatformNotFound => Err(Problem::new(Code::PlatformNotFound)),
    }
}
