use std::collections::HashSet;
use std::sync::{MutexGuard, PoisonError};

use super::UnifiedSessionManager;
use crate::client::Client;
use crate::context::SessionContext;
use crate::event::{Actor, Change, EventKind};
use crate::identity::SessionId;
use crate::session::{Role, UserSession};
use crate::store::{NewEvent, StoreError};

impl UnifiedSessionManager {
    /// Records that a user asked for what takes at least `role`. However often a session does so,
    /// one event is recorded between two clean-ups.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn record_refused_access(
        &self,
        context: &SessionContext,
        role: Role,
        client: &Client,
    ) -> Result<(), StoreError> {
        let change = || self.change_by(context, client);
        self.note(Some(&context.session), EventKind::AccessRefused, role.to_string(), change).await
    }

    /// Records that a request in a session was refused because it may be another site's: `detail`
    /// says what was missing. However often, one event of each detail is recorded between two clean-ups.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn record_refused_forgery(
        &self,
        context: &SessionContext,
        detail: &str,
        client: &Client,
    ) -> Result<(), StoreError> {
        // Whoever sent it was not the user.
        let change = || self.change(Actor::Anonymous, client);
        let session = Some(&context.session);
        self.note(session, EventKind::ForgeryRefused, detail.to_owned(), change).await
    }

    /// Has events recorded again that are recorded once between two clean-ups. A clean-up does so by
    /// itself; this is for a process whose sessions another one cleans up.
    pub fn forget_notes(&self) {
        self.noted().clear();
    }

    /// Records that the row of a session cannot be read. Whose it is cannot be told.
    pub(super) async fn record_damage(&self, client: &Client) -> Result<(), StoreError> {
        let change = || self.change(Actor::System, client);
        self.note(None, EventKind::DamageFound, String::new(), change).await
    }

    /// Records something about a session, or about none that is known, the first time since the last
    /// clean-up.
    pub(super) async fn note(
        &self,
        session: Option<&UserSession>,
        kind: EventKind,
        detail: String,
        change: impl Fn() -> Change + Send,
    ) -> Result<(), StoreError> {
        let note = (session.map(|session| session.id), kind, detail);
        if !self.noted().insert(note.clone()) {
            return Ok(());
        }
        let event = NewEvent {
            kind,
            user_id: session.map(|session| session.user_id.clone()),
            session: session.map(|session| session.handle),
            detail: note.2.clone(),
        };
        let recorded = self.record(event, &change()).await;
        if recorded.is_err() {
            self.noted().remove(&note);
        }
        recorded
    }

    /// Records an event by itself that concerns a user of the directory.
    pub(crate) async fn record(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        if self.has_own_directory() || event.user_id.is_none() {
            self.store().record(event, change).await
        } else {
            self.store().record_of_bundled(event, change).await
        }
    }

    fn noted(&self) -> MutexGuard<'_, HashSet<(Option<SessionId>, EventKind, String)>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
