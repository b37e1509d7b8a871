//! What happened to a user's account, in the words of people.

use std::collections::HashMap;

use sessrum_core::store::{EventFilter, Page};
use sessrum_core::{Client, EndReason, EventKind, NEW_DEVICE, SessionContext, SessionEvent};
use sessrum_web::api::{OwnActor, own_events};
use sessrum_web::{Code, Problem, RequestSession};

use super::human_time::Moment;

/// Events of a page; those that are alike and follow each other are one entry.
const EVENTS: usize = 30;

/// A page of the log.
pub(super) struct SecurityLog {
    pub(super) entries: Vec<LogEntry>,
    /// Where the older ones begin, if there are any.
    pub(super) older: Option<i64>,
    /// Whether it goes on from a newer page.
    pub(super) is_continued: bool,
}

/// One thing that happened.
pub(super) struct LogEntry {
    pub(super) title: String,
    /// How often in a row.
    pub(super) times: usize,
    /// A word that calls for a second look; empty when nothing does.
    pub(super) badge: &'static str,
    /// Device, address and who did it, as far as they are known.
    pub(super) origin: String,
    /// The last time.
    pub(super) moment: Moment,
}

impl LogEntry {
    fn is_like(&self, other: &Self) -> bool {
        (&self.title, self.badge, &self.origin) == (&other.title, other.badge, &other.origin)
    }
}

/// The newest entries, or those before `before`.
pub(super) async fn read(
    session: &RequestSession,
    context: &SessionContext,
    before: Option<i64>,
) -> Result<SecurityLog, Problem> {
    let (manager, now) = (session.manager(), session.manager().now());
    let notable = EventFilter { without_routine: true, ..EventFilter::default() };
    let page = Page { before, limit: EVENTS + 1 };
    let mut events = own_events(session, &notable, page).await?;
    let more = events.len() > EVENTS;
    events.truncate(EVENTS);
    let older = events.last().filter(|_| more).map(|(event, _)| event.id);
    let platforms = manager.store().platform_connections(context.user_id()).await?;
    let platforms: HashMap<_, _> = platforms
        .into_iter()
        .map(|platform| (platform.info.id.to_string(), platform.info.name))
        .collect();
    let mut entries: Vec<LogEntry> = Vec::new();
    for (event, actor) in events {
        let device = ended_device(session, &event).await?;
        let entry = LogEntry {
            title: title(&event, device.as_deref(), platforms.get(&event.detail)),
            times: 1,
            badge: badge(&event),
            origin: origin(&event, actor),
            moment: Moment::seen_from(now, event.at),
        };
        match entries.last_mut().filter(|last| last.is_like(&entry)) {
            Some(last) => last.times += 1,
            None => entries.push(entry),
        }
    }
    Ok(SecurityLog { entries, older, is_continued: before.is_some() })
}

/// The name of the device whose session an event says has ended, as long as its row is kept.
async fn ended_device(
    session: &RequestSession,
    event: &SessionEvent,
) -> Result<Option<String>, Problem> {
    let Some(handle) = event.session.filter(|_| event.kind == EventKind::SessionEnded) else {
        return Ok(None);
    };
    let row = session.manager().store().find_by_handle(&handle).await.map_err(Problem::from)?;
    Ok(row.map(|row| Client::device_name(row.user_agent.as_deref())))
}

fn title(event: &SessionEvent, device: Option<&str>, platform: Option<&String>) -> String {
    let of_platform = |what: &str| match platform {
        Some(name) => format!("{what}: {name}"),
        None => what.to_owned(),
    };
    let Some(kind) = event.kind.known() else { return event.kind.to_string() };
    let text = match kind {
        EventKind::SignedIn if event.detail == NEW_DEVICE => "Signed in on a new device",
        EventKind::SignedIn => "Signed in",
        EventKind::SignInFailed => "Wrong password typed",
        EventKind::SessionEnded => return ended(&event.detail, device.unwrap_or("A device")),
        EventKind::PlatformSwitched => "Platform switched",
        EventKind::TokenRotated => "Session renewed",
        EventKind::Reauthenticated => "Password confirmed",
        EventKind::FingerprintChanged => "A session was used from another machine",
        EventKind::UserAdded => "Account made",
        EventKind::UserDisabled => "Account disabled",
        EventKind::UserEnabled => "Account enabled",
        EventKind::RoleChanged => return format!("Role changed to {}", event.detail),
        EventKind::PasswordChanged => "Password changed",
        EventKind::UserForgotten => "Account removed",
        EventKind::PlatformAdded => return of_platform("Platform connected"),
        EventKind::PlatformChanged => return of_platform("Platform changed"),
        EventKind::PlatformRemoved => "Platform removed",
        EventKind::CleanUpStarted => "Clean-up started",
        EventKind::AccessRefused => {
            return format!("Refused: needs the role {}", event.detail);
        }
        EventKind::ForgeryRefused if event.detail == Code::OriginRejected.as_str() => {
            "Refused a request that another site sent"
        }
        EventKind::ForgeryRefused => "Refused a form that was out of date",
        EventKind::DamageFound => "A session could not be read",
    };
    text.to_owned()
}

fn ended(reason: &str, device: &str) -> String {
    match reason.parse() {
        Ok(EndReason::Logout) => "Signed out".to_owned(),
        Ok(EndReason::PasswordChanged) => {
            format!("{device} was signed out, because the password changed")
        }
        Ok(EndReason::UserDisabled) => {
            format!("{device} was signed out, since the account was disabled")
        }
        Ok(EndReason::Evicted) => {
            format!("{device} was signed out, since there were too many devices")
        }
        Ok(EndReason::FingerprintMismatch) => {
            format!("{device} was signed out for safety: another machine used its cookie")
        }
        Ok(EndReason::TokenReuse) => {
            format!("{device} was signed out for safety: a copy of its cookie was used")
        }
        Ok(EndReason::Expired) => format!("{device} was signed out after its time"),
        Ok(EndReason::RevokedByUser | EndReason::RevokedByAdmin) | Err(_) => {
            format!("{device} was signed out")
        }
    }
}

fn badge(event: &SessionEvent) -> &'static str {
    let reason = event.detail.parse();
    match event.kind.known() {
        Some(EventKind::SignedIn) if event.detail == NEW_DEVICE => "New device",
        Some(EventKind::SessionEnded)
            if matches!(reason, Ok(EndReason::TokenReuse | EndReason::FingerprintMismatch)) =>
        {
            "Suspicious"
        }
        Some(EventKind::FingerprintChanged) => "Suspicious",
        Some(EventKind::ForgeryRefused) if event.detail == Code::OriginRejected.as_str() => {
            "Suspicious"
        }
        _ => "",
    }
}

fn origin(event: &SessionEvent, actor: OwnActor) -> String {
    let by = match actor {
        OwnActor::Administrator => Some("by an administrator"),
        OwnActor::Operator => Some("by the operator"),
        OwnActor::You | OwnActor::System | OwnActor::Anonymous => None,
    };
    let parts = [event.device.as_deref(), event.ip_address.as_deref(), by];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sessrum_core::Timestamp;

    fn event(kind: EventKind, detail: &str) -> SessionEvent {
        SessionEvent {
            id: 1,
            at: Timestamp::from_micros(0),
            kind: kind.into(),
            user_id: None,
            session: None,
            actor: "user 1".into(),
            ip_address: Some("192.0.2.1".into()),
            user_agent: None,
            device: Some("Firefox on Linux".into()),
            detail: detail.into(),
        }
    }

    #[test]
    fn every_event_has_words_of_its_own() {
        let mut titles: Vec<_> =
            EventKind::ALL.iter().map(|kind| title(&event(*kind, "x"), None, None)).collect();
        let reasons = EndReason::ALL.iter();
        titles.extend(reasons.map(|reason| ended(reason.as_str(), "Safari on iOS")));
        assert!(titles.iter().all(|title| title.starts_with(char::is_uppercase)), "{titles:?}");
        titles.sort();
        titles.dedup();
        // Who ended a device, the user or an administrator, is told beside the words.
        assert_eq!(titles.len(), EventKind::ALL.len() + EndReason::ALL.len() - 1);
    }

    #[test]
    fn what_calls_for_a_second_look_is_marked() {
        assert_eq!(badge(&event(EventKind::SignedIn, NEW_DEVICE)), "New device");
        assert_eq!(badge(&event(EventKind::SignedIn, "")), "");
        assert_eq!(badge(&event(EventKind::SessionEnded, "token_reuse")), "Suspicious");
        assert_eq!(badge(&event(EventKind::SessionEnded, "logout")), "");
        assert_eq!(badge(&event(EventKind::ForgeryRefused, "csrf_failed")), "");
    }

    #[test]
    fn where_it_came_from_is_one_line() {
        let event = event(EventKind::RoleChanged, "admin");
        assert_eq!(origin(&event, OwnActor::You), "Firefox on Linux · 192.0.2.1");
        let nowhere = SessionEvent { device: None, ip_address: None, ..event };
        assert_eq!(origin(&nowhere, OwnActor::Operator), "by the operator");
        assert_eq!(origin(&nowhere, OwnActor::Administrator), "by an administrator");
        assert_eq!(origin(&nowhere, OwnActor::System), "");
    }
}
