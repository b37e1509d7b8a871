//! Extractors for handlers.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Path};
use axum::http::request::Parts;
use sessrum_core::SessionContext;

use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

impl<S: Sync> FromRequestParts<S> for RequestSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a handler needs DatabaseSessionLayer, which its router does not have");
            Problem::new(Code::InternalError)
        })
    }
}

/// The session of a signed-in request; anyone else is sent to sign in. Counts as activity.
///
/// `Option<CurrentSession>` lets anyone in and is `None` for whoever is not signed in. A database
/// that cannot say is an error in both.
#[derive(Clone, Debug)]
pub struct CurrentSession(pub Arc<SessionContext>);

impl Deref for CurrentSession {
    type Target = SessionContext;

    fn deref(&self) -> &SessionContext {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for CurrentSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let session =
            <RequestSession as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        session.context().await.map(Self)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for CurrentSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        let session =
            <RequestSession as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(session.context_if_signed_in().await?.map(Self))
    }
}

/// The session of a signed-in request, without counting as activity: for what an open page asks by
/// itself, which must not keep a session alive that nobody uses.
#[derive(Clone, Debug)]
pub struct ObservedSession(pub Arc<SessionContext>);

impl Deref for ObservedSession {
    type Target = SessionContext;

    fn deref(&self) -> &SessionContext {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for ObservedSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let session =
            <RequestSession as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        session.observe().await.map(Self)
    }
}

/// The parameter of an address. At one that is no text there is nothing.
#[derive(Clone, Debug)]
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = <Path<String> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|_| Problem::new(Code::NotFound))
    }
}
