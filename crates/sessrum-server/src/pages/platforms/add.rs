use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sessrum_web::api::{PlatformInput, connect_platform};
use sessrum_web::{CurrentSession, Problem, RequestSession, local_path};
use zeroize::Zeroizing;

use super::{Listed, list};
use crate::pages::form::{FieldErrors, FormBody};
use crate::pages::layout::Notice;

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::pages) struct PlatformForm {
    pub(super) name: String,
    pub(super) platform_type: String,
    pub(super) instance_url: String,
    pub(super) username: String,
    pub(super) access_token: Zeroizing<String>,
    /// Whether one was typed: it is not sent back.
    #[serde(skip)]
    pub(super) had_token: bool,
    pub(super) is_default: Option<String>,
    /// Where the user was on the way to.
    pub(super) next: String,
}

/// Connects a platform.
pub(in crate::pages) async fn add(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    FormBody(mut form): FormBody<PlatformForm>,
) -> Result<Response, Problem> {
    form.had_token = !form.access_token.is_empty();
    let input = PlatformInput {
        name: form.name.clone(),
        platform_type: form.platform_type.clone(),
        instance_url: form.instance_url.clone(),
        username: form.username.clone(),
        access_token: Some(std::mem::take(&mut form.access_token)),
        is_default: form.is_default.is_some(),
    };
    match connect_platform(&session, &context, input).await {
        Ok(_) => {
            let next = local_path(&form.next).unwrap_or("/account/platforms?done=added");
            Ok(Redirect::to(next).into_response())
        }
        Err(problem) if !problem.errors.is_empty() => {
            let notice = "The platform is not connected. See below what to correct.";
            form.next = local_path(&form.next).unwrap_or_default().to_owned();
            let listed = Listed {
                status: problem.status(),
                notice: Some(Notice::failed(notice)),
                form,
                errors: FieldErrors::worded(problem.errors, "This"),
                is_adding: true,
            };
            list(&session, &context, listed).await
        }
        Err(problem) => Err(problem),
    }
}
