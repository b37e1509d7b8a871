mod add;
mod change;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sessrum_core::store::PlatformConnection;
use sessrum_core::{PlatformId, SessionContext};
use sessrum_web::api::StatePlatform;
use sessrum_web::{CurrentSession, Problem, RequestSession, local_path};

pub(super) use add::add;
pub(super) use change::{activate, deactivate, make_default, remove};

use super::form::{FieldErrors, PageQuery};
use super::layout::{Frame, Notice, as_json, page};
use add::PlatformForm;

const HERE: &str = "/account/platforms";

#[derive(Template)]
#[template(path = "platforms.html")]
struct PlatformsPage {
    frame: Frame,
    platforms: Vec<PlatformRow>,
    form: PlatformForm,
    errors: FieldErrors,
    /// Whether the form is unfolded.
    is_adding: bool,
}

struct PlatformRow {
    id: String,
    /// The platform as the session's state has it, as JSON.
    state: String,
    name: String,
    platform_type: String,
    /// The account there, as in `ada@pixelfed.example`.
    account: String,
    is_current: bool,
    is_default: bool,
    is_active: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PlatformsQuery {
    reason: String,
    done: String,
    failed: String,
    next: String,
}

/// The user's platforms, and the form that connects another.
pub(super) async fn show(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PageQuery(query): PageQuery<PlatformsQuery>,
) -> Result<Response, Problem> {
    let notice = match (query.reason.as_str(), query.done.as_str()) {
        _ if query.failed == "platform_not_found" => {
            Some(Notice::failed("Nothing has changed: you have no such active platform any more."))
        }
        ("platform_required", _) => {
            Some(Notice::info("That page needs a platform. Connect or choose one here first."))
        }
        (_, "added") => Some(Notice::done("The platform is connected.")),
        (_, "default") => Some(Notice::done("New sessions start with that platform from now on.")),
        (_, "activated") => Some(Notice::done("The platform can be chosen again.")),
        (_, "deactivated") => Some(Notice::done("The platform is deactivated.")),
        (_, "removed") => Some(Notice::done("The platform is removed.")),
        _ => None,
    };
    let next = local_path(&query.next).unwrap_or_default().to_owned();
    let listed =
        Listed { form: PlatformForm { next, ..PlatformForm::default() }, notice, ..Listed::ok() };
    list(&session, &context, listed).await
}

/// What a list is shown with.
struct Listed {
    status: StatusCode,
    notice: Option<Notice>,
    form: PlatformForm,
    errors: FieldErrors,
    is_adding: bool,
}

impl Listed {
    fn ok() -> Self {
        Self {
            status: StatusCode::OK,
            notice: None,
            form: PlatformForm::default(),
            errors: FieldErrors::default(),
            is_adding: false,
        }
    }
}

async fn list(
    session: &RequestSession,
    context: &SessionContext,
    listed: Listed,
) -> Result<Response, Problem> {
    let Listed { status, notice, form, errors, is_adding } = listed;
    let found = session.manager().store().platform_connections(context.user_id()).await?;
    let row = |PlatformConnection { info, is_active, .. }: PlatformConnection| {
        let site =
            info.instance_url.split_once("://").map_or(&*info.instance_url, |(_, site)| site);
        Ok(PlatformRow {
            state: as_json(&StatePlatform::from(info.clone()))?,
            account: format!("{}@{site}", info.username),
            is_current: Some(&info.id) == context.platform_id(),
            id: info.id.to_string(),
            name: info.name,
            platform_type: info.platform_type,
            is_default: info.is_default,
            is_active,
        })
    };
    let platforms = found.into_iter().map(row).collect::<Result<Vec<_>, Problem>>()?;
    let mut frame = Frame::signed_in(session, context, HERE)?.with_notice(notice);
    if !form.next.is_empty() {
        frame = frame.on_the_way_to(&form.next);
    }
    let template = PlatformsPage { frame, platforms, form, errors, is_adding };
    page(status, &template.frame, &template)
}

/// The key that a form or an address names: the bundled tables count in whole numbers.
pub(super) fn platform_id(text: &str) -> PlatformId {
    text.parse::<i64>().map_or_else(|_| PlatformId::from(text), PlatformId::from)
}
