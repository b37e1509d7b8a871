//! What all pages share: the frame around their content, and how they become answers.

use std::borrow::Cow;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use sessrum_core::{PlatformInfo, SessionContext};
use sessrum_web::api::State;
use sessrum_web::{Code, Problem, RequestSession, ScriptNonce};

/// The frame around a page: head, header, navigation, and a notice above the content.
pub(super) struct Frame {
    /// The page's own address, which the navigation marks.
    pub(super) here: &'static str,
    pub(super) member: Option<Member>,
    pub(super) notice: Option<Notice>,
    /// The page to come back to, if that is not the one at the request's address.
    pub(super) opened_from: Option<String>,
    /// Without it the page has no script.
    pub(super) nonce: Option<ScriptNonce>,
}

/// Who is signed in.
pub(super) struct Member {
    pub(super) username: String,
    pub(super) platform: Option<PlatformInfo>,
    revision: i64,
    /// The session's state, as JSON.
    state: String,
    pub(super) csrf_token: String,
}

/// A sentence above the content.
pub(super) struct Notice {
    pub(super) class: &'static str,
    /// How soon a screen reader says it.
    pub(super) role: &'static str,
    pub(super) text: Cow<'static, str>,
}

impl Notice {
    /// Something to know.
    pub(super) const fn info(text: &'static str) -> Self {
        Self { class: "notice", role: "status", text: Cow::Borrowed(text) }
    }

    /// Something is done.
    pub(super) const fn done(text: &'static str) -> Self {
        Self { class: "notice done", role: "status", text: Cow::Borrowed(text) }
    }

    /// Something went wrong.
    pub(super) fn failed(text: impl Into<Cow<'static, str>>) -> Self {
        Self { class: "notice failed", role: "alert", text: text.into() }
    }
}

impl Frame {
    /// The frame of a page that is the same for everybody.
    pub(super) const fn plain() -> Self {
        Self { here: "", member: None, notice: None, opened_from: None, nonce: None }
    }

    /// The frame of whoever is not signed in.
    ///
    /// # Errors
    /// A [`Problem`] when there is no randomness for the nonce.
    pub(super) fn signed_out(session: &RequestSession) -> Result<Self, Problem> {
        let nonce = ScriptNonce::new(session.manager().random())?;
        Ok(Self { nonce: Some(nonce), ..Self::plain() })
    }

    /// The frame of the page at `here` for a signed-in user.
    ///
    /// # Errors
    /// A [`Problem`] when there is no randomness for the CSRF token or the nonce.
    pub(super) fn signed_in(
        session: &RequestSession,
        context: &SessionContext,
        here: &'static str,
    ) -> Result<Self, Problem> {
        let manager = session.manager();
        let state = as_json(&State::of(context, manager))?;
        let member = Member {
            username: context.user.username.clone(),
            platform: context.platform.clone(),
            revision: context.session.revision,
            state,
            csrf_token: manager
                .csrf_key()
                .session_token(&context.session.handle, manager.random())?,
        };
        Ok(Self { here, member: Some(member), ..Self::signed_out(session)? })
    }

    /// With a notice above the content.
    pub(super) fn with_notice(self, notice: Option<Notice>) -> Self {
        Self { notice, ..self }
    }

    /// Of a page that leads on: its address remembers where to.
    pub(super) fn on_the_way_to(self, next: &str) -> Self {
        Self { opened_from: Some(with_next(self.here, next)), ..self }
    }

    /// The token for the page's forms; empty for whoever is not signed in.
    pub(super) fn csrf_token(&self) -> &str {
        self.member.as_ref().map_or("", |member| &member.csrf_token)
    }

    /// Who is signed in, for password managers; empty for whoever is not.
    pub(super) fn username(&self) -> &str {
        self.member.as_ref().map_or("", |member| &member.username)
    }

    /// The key of the session's platform; empty when there is none.
    pub(super) fn platform_id(&self) -> String {
        let platform = self.member.as_ref().and_then(|member| member.platform.as_ref());
        platform.map(|platform| platform.id.to_string()).unwrap_or_default()
    }

    /// The session's state as JSON; empty for whoever is not signed in.
    pub(super) fn state(&self) -> &str {
        self.member.as_ref().map_or("", |member| &member.state)
    }

    /// The session's revision; empty for whoever is not signed in.
    pub(super) fn revision(&self) -> String {
        self.member.as_ref().map(|member| member.revision.to_string()).unwrap_or_default()
    }
}

/// The address of a page that leads on to another.
pub(super) fn with_next(page: &str, next: &str) -> String {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{page}?{query}")
}

/// What scripts read of a page.
///
/// # Errors
/// A [`Problem`] when it cannot be written.
pub(super) fn as_json(facts: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(facts).map_err(|error| {
        tracing::error!("what scripts read cannot be written: {error}");
        Problem::new(Code::InternalError)
    })
}

/// Answers with a page in this frame, which no cache keeps: it has a token for its forms.
///
/// # Errors
/// A [`Problem`] when the template fails.
pub(super) fn page(
    status: StatusCode,
    frame: &Frame,
    template: &impl Template,
) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| {
        tracing::error!("a page could not be made: {error}");
        Problem::new(Code::InternalError)
    })?;
    let policy = frame.nonce.as_ref().map(|nonce| [nonce.policy()]);
    let mut response = (status, policy, Html(html)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The answer, with the seconds after which to try again, if there are any.
pub(super) fn come_back_in(mut response: Response, seconds: Option<u32>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
