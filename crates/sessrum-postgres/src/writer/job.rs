use futures_util::future::BoxFuture;
use sessrum_core::Change;
use sessrum_core::store::{CreateOutcome, NewSession, StoreError};
use tokio::sync::oneshot;

use super::Writing;
use crate::error::{Error, Result};

type Caller<T> = oneshot::Sender<Result<T, StoreError>>;

/// What waits for the writing task.
pub(super) enum Job {
    Change(Box<dyn Verb>),
    SignIn(Box<SignIn>),
}

impl Job {
    /// Tells the caller what came of it, or why it was not made.
    pub(super) fn answer(self, failure: Option<&Error>) {
        match self {
            Self::Change(change) => change.answer(failure),
            Self::SignIn(sign_in) => answer(sign_in.caller, sign_in.outcome, failure),
        }
    }
}

/// A change of whatever outcome.
pub(super) trait Verb: Send {
    /// Makes the change and keeps what came of it.
    fn make<'a>(&'a mut self, writing: &'a mut Writing) -> BoxFuture<'a, Result<()>>;

    fn answer(self: Box<Self>, failure: Option<&Error>);
}

/// A change with what it needs.
pub(super) struct Queued<Needs, Make, T> {
    needs: Needs,
    make: Make,
    outcome: Option<T>,
    caller: Caller<T>,
}

impl<Needs, Make, T> Queued<Needs, Make, T> {
    pub(super) const fn new(needs: Needs, make: Make, caller: Caller<T>) -> Self {
        Self { needs, make, outcome: None, caller }
    }
}

impl<Needs, Make, T> Verb for Queued<Needs, Make, T>
where
    Needs: Send + Sync,
    Make: for<'a> Fn(&'a Needs, &'a mut Writing) -> BoxFuture<'a, Result<T>> + Send,
    T: Send,
{
    fn make<'a>(&'a mut self, writing: &'a mut Writing) -> BoxFuture<'a, Result<()>> {
        let made = (self.make)(&self.needs, writing);
        let outcome = &mut self.outcome;
        Box::pin(async move {
            *outcome = Some(made.await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, failure: Option<&Error>) {
        answer(self.caller, self.outcome, failure);
    }
}

/// A sign-in: these are made together.
pub(crate) struct SignIn {
    pub(crate) new: NewSession,
    pub(crate) change: Change,
    pub(crate) outcome: Option<CreateOutcome>,
    caller: Caller<CreateOutcome>,
}

impl SignIn {
    pub(super) const fn new(
        new: NewSession,
        change: Change,
        caller: Caller<CreateOutcome>,
    ) -> Self {
        Self { new, change, outcome: None, caller }
    }
}

fn answer<T>(caller: Caller<T>, outcome: Option<T>, failure: Option<&Error>) {
    let undone = || Error::Defect("the change was not made".to_owned());
    let answer = match failure {
        Some(error) => Err(error.clone().into()),
        None => outcome.ok_or_else(|| undone().into()),
    };
    // Whoever no longer waits does not want to know.
    let _ = caller.send(answer);
}
