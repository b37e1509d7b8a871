//! `GET /api/session/events`: what happens to a session, told to its open pages as it happens.
//!
//! A stream never queues anything. News only wake it, and then it looks at the session and tells how
//! it is by now: whoever reads slowly misses what lay between, never where it led.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as FromState;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use sessrum_core::{
    Client, EndReason, SessionContext, SessionError, SessionWatch, Timestamp,
    UnifiedSessionManager, WatchRefusal,
};
use utoipa::ToSchema;

use super::documented::{Reading, TooMany};
use super::state::State;
use crate::extract::ObservedSession;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

/// How often a silent stream says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How long a stream stays open. The page comes again, with the token that it has by then.
const LONGEST_STREAM: Duration = Duration::from_mins(15);

/// Why a session is over: the last event of its stream.
#[derive(Serialize, ToSchema)]
struct SessionEnd {
    code: Code,
    /// Why it was ended, if it did not just expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    end_reason: Option<EndReason>,
    /// The reason in words.
    detail: String,
}

/// Tells what happens to the session, as server-sent events, until it ends. First `state`; then
/// `platform_switched`, `session_updated` and `session_expiring`, each with the whole state and the
/// revision as its id; `session_ended` with the reason; and `keep_alive` in between. Neither asking
/// nor listening is activity. The stream closes after a quarter of an hour, and when the session has
/// another token: come again.
#[utoipa::path(get, path = "/api/session/events", tag = "session", responses(
    (status = 200, body = String, content_type = "text/event-stream"),
    TooMany,
    Reading,
))]
pub(super) async fn watch(
    ObservedSession(context): ObservedSession,
    request: RequestSession,
    FromState(manager): FromState<Arc<UnifiedSessionManager>>,
) -> Result<Response, Problem> {
    let watch = manager.watch_session(&context).map_err(refused)?;
    let now = manager.now();
    let live = LiveSession {
        client: request.client().clone(),
        told: SessionContext::clone(&context),
        has_begun: false,
        warned_of: None,
        manager,
        watch,
        silent_until: now + KEEP_ALIVE,
        closes_at: now + LONGEST_STREAM,
    };
    let events = stream::unfold(Some(live), |live| async {
        let mut live = live?;
        let (event, is_last) = live.next().await?;
        Some((Ok::<_, Infallible>(event), (!is_last).then_some(live)))
    });
    let mut response = Sse::new(events).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would keep events back.
    let buffering = HeaderName::from_static("x-accel-buffering");
    headers.insert(buffering, HeaderValue::from_static("no"));
    Ok(response)
}

fn refused(refusal: WatchRefusal) -> Problem {
    let (code, detail, wait) = match refusal {
        WatchRefusal::TooMany => {
            let detail = "Too many pages watch their session. Ask for its state instead.";
            (Code::RateLimited, detail, 30)
        }
        WatchRefusal::Closed => {
            (Code::StoreUnavailable, "The server is about to stop. Please try again.", 1)
        }
    };
    let mut problem = Problem::new(code).with_detail(detail);
    problem.retry_after = Some(wait);
    problem
}

/// A session whose page is open.
struct LiveSession {
    manager: Arc<UnifiedSessionManager>,
    watch: SessionWatch,
    client: Client,
    /// What the page knows.
    told: SessionContext,
    has_begun: bool,
    /// The end that the page was warned of.
    warned_of: Option<Timestamp>,
    silent_until: Timestamp,
    closes_at: Timestamp,
}

impl LiveSession {
    /// The next event, and whether it is the last; `None` closes the stream.
    async fn next(&mut self) -> Option<(Event, bool)> {
        if !self.has_begun {
            self.has_begun = true;
            return self.tell_state("state");
        }
        loop {
            let looks_at = self.looks_at();
            let wakes_at = looks_at.min(self.silent_until).min(self.closes_at);
            tokio::select! {
                has_news = self.watch.changed() => if !has_news { return None },
                () = self.manager.clock().sleep_until(wakes_at) => {}
            }
            let now = self.manager.now();
            if let Some(event) = self.look().await? {
                return Some(event);
            }
            if self.closes_at <= now {
                return None;
            }
            if self.silent_until <= now {
                self.silent_until = now + KEEP_ALIVE;
                return Some((Event::default().event("keep_alive").data("{}"), false));
            }
        }
    }

    /// When there is something to tell that nobody does: a warning, or the end by itself.
    fn looks_at(&self) -> Timestamp {
        let (manager, context) = (&self.manager, &self.told);
        let end = context.idle_expires_at.min(context.session.expires_at);
        let warning = manager.warns_at(context);
        if self.warned_of == Some(end) { end } else { warning }
    }

    /// Looks at the session as it is now: `Some(None)` when there is nothing to tell, `None` when
    /// the stream is over.
    async fn look(&mut self) -> Option<Option<(Event, bool)>> {
        let found = match self.manager.watched_context(&self.told, &self.client).await {
            Ok(Some(found)) => found,
            // The page has another token by now, or is a copy of it.
            Ok(None) => return None,
            Err(SessionError::Invalid(error)) => {
                return self.tell_end(&Problem::from(&error)).map(Some);
            }
            Err(error) => {
                // It logs itself; the page comes again.
                drop(Problem::from(error));
                return None;
            }
        };
        let before = std::mem::replace(&mut self.told, found);
        let now = &self.told;
        let event = if before.platform_id() != now.platform_id() {
            "platform_switched"
        } else if before.session.revision != now.session.revision
            || before.user != now.user
            || before.platform != now.platform
        {
            "session_updated"
        } else {
            let end = now.idle_expires_at.min(now.session.expires_at);
            if self.warned_of == Some(end) || self.manager.now() < self.manager.warns_at(now) {
                return Some(None);
            }
            self.warned_of = Some(end);
            "session_expiring"
        };
        self.tell_state(event).map(Some)
    }

    fn tell_state(&mut self, event: &str) -> Option<(Event, bool)> {
        self.silent_until = self.manager.now() + KEEP_ALIVE;
        let state = State::of(&self.told, &self.manager);
        Some((told(self.event(event).json_data(state))?, false))
    }

    fn event(&self, name: &str) -> Event {
        Event::default().event(name).id(self.told.session.revision.to_string())
    }

    fn tell_end(&self, problem: &Problem) -> Option<(Event, bool)> {
        let (code, end_reason) = (problem.code, problem.end_reason);
        let end = SessionEnd { code, end_reason, detail: problem.detail.clone() };
        Some((told(self.event("session_ended").json_data(end))?, true))
    }
}

fn told(event: Result<Event, axum::Error>) -> Option<Event> {
    event.inspect_err(|error| tracing::error!("an event could not be written: {error}")).ok()
}
