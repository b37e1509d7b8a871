//! `GET /api/session/events`: what happens to a session, told to its open pages as it happens.
//!
//! A stream is one task, and never queues more than an event. News only wake it, and then it looks at
//! the session and tells how it is by now: whoever reads slowly misses what lay between, never where
//! it led. Whoever takes nothing any more loses the stream.

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
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::documented::{Reading, TooMany};
use super::state::State;
use crate::extract::ObservedSession;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

/// How often a silent stream says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How long a reader may take to take an event.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a stream stays open at most. The page comes again, with the token that it has by then.
const LONGEST_STREAM: Duration = Duration::from_mins(15);

/// What is taken off that by chance, so that pages which came together do not come again together.
const SPREAD: Duration = Duration::from_mins(3);

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
    let client = request.client().clone();
    // What happened before the watch began is no news to it.
    let told = match manager.watched_context(&context, &client).await? {
        Some(found) => found,
        None => SessionContext::clone(&context),
    };
    let now = manager.now();
    let mut chance = [0];
    manager.random().fill(&mut chance)?;
    let live = LiveSession {
        told,
        client,
        warned_of: None,
        manager,
        watch,
        silent_until: now + KEEP_ALIVE,
        closes_at: now + LONGEST_STREAM - SPREAD * u32::from(chance[0]) / 255,
    };
    let (page, events) = mpsc::channel(1);
    tokio::spawn(live.tell_all(page));
    let events = stream::unfold(events, |mut events| async {
        Some((Ok::<_, Infallible>(events.recv().await?), events))
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
    /// The end that the page was warned of.
    warned_of: Option<Timestamp>,
    silent_until: Timestamp,
    closes_at: Timestamp,
}

/// What comes next in a stream.
enum Next {
    Event(Event),
    Last(Event),
    /// There is nothing more to tell.
    Over,
}

impl LiveSession {
    /// Tells the page what happens, until there is nothing more to tell or nobody takes it. It runs by
    /// itself, so a reader that takes nothing holds its place no longer than it is waited for.
    async fn tell_all(mut self, page: mpsc::Sender<Event>) {
        let mut next = self.state("state");
        loop {
            let (event, is_last) = match next {
                Next::Event(event) => (event, false),
                Next::Last(event) => (event, true),
                Next::Over => return,
            };
            let given_up_at = self.manager.now() + PATIENCE;
            tokio::select! {
                taken = page.send(event) => if taken.is_err() || is_last { return },
                () = self.manager.clock().sleep_until(given_up_at) => return,
            }
            next = tokio::select! {
                next = self.next() => next,
                () = page.closed() => return,
            };
        }
    }

    /// Waits for what there is to tell.
    async fn next(&mut self) -> Next {
        loop {
            let wakes_at = self.looks_at().min(self.silent_until).min(self.closes_at);
            tokio::select! {
                has_news = self.watch.changed() => if !has_news { return Next::Over },
                () = self.manager.clock().sleep_until(wakes_at) => {}
            }
            if let Some(found) = self.look().await {
                return found;
            }
            let now = self.manager.now();
            if self.closes_at <= now {
                return Next::Over;
            }
            if self.silent_until <= now {
                self.silent_until = now + KEEP_ALIVE;
                return Next::Event(Event::default().event("keep_alive").data("{}"));
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

    /// Looks at the session as it is now; `None` when there is nothing to tell.
    async fn look(&mut self) -> Option<Next> {
        let found = match self.manager.watched_context(&self.told, &self.client).await {
            Ok(Some(found)) => found,
            // The page has another token by now, or is a copy of it.
            Ok(None) => return Some(Next::Over),
            Err(SessionError::Invalid(error)) => return Some(self.end(&Problem::from(&error))),
            Err(error) => {
                tracing::warn!("a page cannot be told of its session, and comes again: {error}");
                return Some(Next::Over);
            }
        };
        let event = self.what_changed(&found)?;
        self.told = found;
        Some(self.state(event))
    }

    /// What the page should know that it does not.
    fn what_changed(&mut self, found: &SessionContext) -> Option<&'static str> {
        let told = &self.told;
        let now = self.manager.now();
        let is_near = |context: &SessionContext| self.manager.warns_at(context) <= now;
        if told.platform_id() != found.platform_id() {
            return Some("platform_switched");
        }
        if told.session.revision != found.session.revision
            || told.user != found.user
            || told.platform != found.platform
            // By what it knows the page warns now, and it is not so any more.
            || (is_near(told) && !is_near(found))
        {
            return Some("session_updated");
        }
        let end = found.idle_expires_at.min(found.session.expires_at);
        if !is_near(found) || self.warned_of == Some(end) {
            return None;
        }
        self.warned_of = Some(end);
        Some("session_expiring")
    }

    fn state(&mut self, event: &str) -> Next {
        self.silent_until = self.manager.now() + KEEP_ALIVE;
        let event = self.event(event).json_data(State::of(&self.told, &self.manager));
        written(event).map_or(Next::Over, Next::Event)
    }

    fn event(&self, name: &str) -> Event {
        Event::default().event(name).id(self.told.session.revision.to_string())
    }

    fn end(&self, problem: &Problem) -> Next {
        let (code, end_reason) = (problem.code, problem.end_reason);
        let end = SessionEnd { code, end_reason, detail: problem.detail.clone() };
        written(self.event("session_ended").json_data(end)).map_or(Next::Over, Next::Last)
    }
}

fn written(event: Result<Event, axum::Error>) -> Option<Event> {
    event.inspect_err(|error| tracing::error!("an event could not be written: {error}")).ok()
}
