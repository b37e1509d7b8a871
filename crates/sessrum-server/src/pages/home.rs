use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sessrum_core::{PlatformInfo, UserInfo};
use sessrum_web::api::StatePlatform;
use sessrum_web::{CurrentSession, Problem, RequestSession};

use super::form::PageQuery;
use super::human_time::{Moment, span};
use super::layout::{Frame, Notice, as_json, page};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    user: UserInfo,
    platform: Option<PlatformInfo>,
    /// Those that the session is in or can switch to.
    rows: Vec<PlatformRow>,
    /// Whether there are only others that it cannot switch to.
    has_inactive: bool,
    device: String,
    signed_in: Moment,
    ends: Moment,
    idle_ends: Moment,
    idle_limit: String,
}

struct PlatformRow {
    platform: PlatformInfo,
    /// The platform as the session's state has it, as JSON.
    state: String,
    is_here: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HomeQuery {
    failed: String,
}

const CHANGED: &str =
    "Your session was changed elsewhere meanwhile. This is how it is now: please choose again.";
const GONE: &str = "That platform is not among your active ones any more. Please choose another.";

/// Who one is, the platform one is in, and how long that lasts.
pub(super) async fn show(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PageQuery(query): PageQuery<HomeQuery>,
) -> Result<Response, Problem> {
    let notice = match query.failed.as_str() {
        "changed_elsewhere" => Some(Notice::failed(CHANGED)),
        "platform_not_found" => Some(Notice::failed(GONE)),
        _ => None,
    };
    let manager = session.manager();
    let now = manager.now();
    let platforms = manager.directory().platforms(context.user_id()).await?;
    let has_inactive = platforms.is_empty()
        && !manager.store().platform_connections(context.user_id()).await?.is_empty();
    let row = |platform: PlatformInfo| {
        let is_here = Some(&platform.id) == context.platform_id();
        Ok(PlatformRow {
            state: as_json(&StatePlatform::from(platform.clone()))?,
            platform,
            is_here,
        })
    };
    let idle_limit = span(manager.policy().lifetime_of(context.session.remembered).idle);
    let template = HomePage {
        frame: Frame::signed_in(&session, &context, "/")?.with_notice(notice),
        user: context.user.clone(),
        platform: context.platform.clone(),
        rows: platforms.into_iter().map(row).collect::<Result<_, Problem>>()?,
        has_inactive,
        device: sessrum_core::Client::device_name(context.session.user_agent.as_deref()),
        signed_in: Moment::seen_from(now, context.session.created_at),
        ends: Moment::seen_from(now, context.session.expires_at),
        idle_ends: Moment::seen_from(now, context.idle_expires_at.min(context.session.expires_at)),
        // "Another day", and no "another 1 day".
        idle_limit: idle_limit.trim_start_matches("1 ").to_owned(),
    };
    page(StatusCode::OK, &template.frame, &template)
}
