use askama::Template;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use serde::Deserialize;
use sessrum_core::SessionContext;
use sessrum_web::api::{Device, devices, end_device, end_other_devices};
use sessrum_web::{Code, CurrentSession, Problem, RequestSession};

use super::form::{FormBody, PageQuery};
use super::human_time::Moment;
use super::layout::{Frame, Notice, page};

const HERE: &str = "/account/sessions";

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    frame: Frame,
    devices: Vec<DeviceRow>,
    /// Whether devices can be signed out without confirming the password first.
    is_fresh: bool,
}

struct DeviceRow {
    handle: String,
    name: String,
    ip_address: Option<String>,
    is_current: bool,
    signed_in: Moment,
    last_active: Moment,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SessionsQuery {
    done: String,
}

#[derive(Deserialize)]
pub(super) struct EndForm {
    handle: String,
}

/// The devices that the user is signed in on.
pub(super) async fn show(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PageQuery(query): PageQuery<SessionsQuery>,
) -> Result<Response, Problem> {
    let notice = match query.done.as_str() {
        "ended" => Some(Notice::done("That device is signed out.")),
        "others_ended" => Some(Notice::done("All your other devices are signed out.")),
        "ended_before" => Some(Notice::failed("That device was signed out already.")),
        _ => None,
    };
    list(&session, &context, notice).await
}

/// Signs one of the user's devices out.
pub(super) async fn end(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    FormBody(form): FormBody<EndForm>,
) -> Result<Redirect, Problem> {
    if !session.manager().is_fresh(&context) {
        return Ok(confirm_first());
    }
    match end_device(&session, &form.handle).await {
        Ok(()) => Ok(Redirect::to("/account/sessions?done=ended")),
        Err(problem) if problem.code == Code::NotFound => {
            Ok(Redirect::to("/account/sessions?done=ended_before"))
        }
        Err(problem) => Err(problem),
    }
}

/// Signs all of the user's other devices out.
pub(super) async fn end_others(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
) -> Result<Redirect, Problem> {
    if !session.manager().is_fresh(&context) {
        return Ok(confirm_first());
    }
    end_other_devices(&session).await?;
    Ok(Redirect::to("/account/sessions?done=others_ended"))
}

fn confirm_first() -> Redirect {
    Redirect::to("/account/confirm?next=/account/sessions")
}

async fn list(
    session: &RequestSession,
    context: &SessionContext,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let manager = session.manager();
    let now = manager.now();
    let row = |device: Device| DeviceRow {
        handle: device.handle.to_string(),
        name: device.device,
        ip_address: device.ip_address,
        is_current: device.is_current,
        signed_in: Moment::seen_from(now, device.created_at),
        last_active: Moment::seen_from(now, device.last_activity),
    };
    let mut devices: Vec<_> = devices(session).await?.into_iter().map(row).collect();
    devices.sort_by_key(|device| !device.is_current);
    tell_apart(&mut devices);
    let template = SessionsPage {
        frame: Frame::signed_in(session, context, HERE)?.with_notice(notice),
        devices,
        is_fresh: manager.is_fresh(context),
    };
    page(StatusCode::OK, &template.frame, &template)
}

/// Sign-ins from one browser within a minute look the same until the second is told.
fn tell_apart(devices: &mut [DeviceRow]) {
    let look = |device: &DeviceRow| (device.name.clone(), device.signed_in.date.clone());
    let looks: Vec<_> = devices.iter().map(look).collect();
    for (device, own) in devices.iter_mut().zip(&looks) {
        if looks.iter().filter(|other| *other == own).count() > 1 {
            device.signed_in.date.clone_from(&device.signed_in.date_to_the_second);
        }
    }
}
