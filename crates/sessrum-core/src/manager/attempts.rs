use std::time::Duration;

use super::UnifiedSessionManager;
use crate::client::Client;
use crate::context::SessionContext;
use crate::event::Change;
use crate::identity::UserId;
use crate::store::{EndedSession, StoreError, UserChange, UserOutcome};
use crate::throttle::{Admission, Attempt};

/// What came of forgetting a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgetOutcome {
    /// They are not known any more.
    Forgotten {
        /// The key, under which the audit trail still has what happened. It is given to nobody
        /// else.
        id: UserId,
        /// The sessions that ended for it.
        ended: Vec<EndedSession>,
    },
    /// There is no user of this name.
    NotFound,
    /// They are the last active administrator. Nothing changed.
    LastAdmin,
}

impl UnifiedSessionManager {
    /// An attempt to sign in.
    pub(crate) fn attempt(&self, username: &str, client: &Client) -> Attempt {
        self.throttle.attempt(username, client.ip_address)
    }

    /// An attempt to prove again who one is.
    pub(crate) fn attempt_in(&self, context: &SessionContext) -> Attempt {
        self.throttle.attempt_in_session(&context.user.username, &context.session.handle)
    }

    /// Counts an attempt before its password is looked at. When there were too many: how long to
    /// wait for the next one.
    pub(crate) async fn begin_attempt(
        &self,
        attempt: &Attempt,
        client: &Client,
    ) -> Result<Option<Duration>, StoreError> {
        let now = self.now();
        match self.store().begin_attempt(attempt, &self.policy.throttle, now).await? {
            Admission::Admitted => Ok(None),
            Admission::Refused { retry_at } => {
                let (wait, address) = (retry_at.since(now), client.ip_address);
                tracing::warn!(?address, ?wait, "too many failures: a password is not looked at");
                Ok(Some(wait))
            }
        }
    }

    /// Takes an attempt back: its password was right.
    pub(crate) async fn attempt_succeeded(&self, attempt: &Attempt) -> Result<(), StoreError> {
        self.store().attempt_succeeded(attempt, &self.policy.throttle, self.now()).await
    }

    /// Removes a user of the bundled tables with whatever is personal, also what was counted of
    /// their attempts to sign in. They are disabled first: what is on its way finds nobody.
    /// `spares_last_admin` refuses what would leave no active administrator. The file may hold
    /// traces until [`compact`](crate::store::SessionStore::compact).
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn forget_user(
        &self,
        username: &str,
        spares_last_admin: bool,
        change: &Change,
    ) -> Result<ForgetOutcome, StoreError> {
        let Some(user) = self.store().user_by_name(username).await? else {
            return Ok(ForgetOutcome::NotFound);
        };
        let id = user.info.id;
        let disable =
            UserChange { is_active: Some(false), spares_last_admin, ..UserChange::default() };
        let mut ended = match self.store().change_user(&id, disable, change).await? {
            UserOutcome::Changed { ended, .. } => ended,
            UserOutcome::NotFound => return Ok(ForgetOutcome::NotFound),
            UserOutcome::LastAdmin => return Ok(ForgetOutcome::LastAdmin),
        };
        // Also before: who fails from here on finds no such user the next time.
        self.forget_attempts(username).await?;
        let Some(ended_since) = self.store().forget_user(&id, change).await? else {
            return Ok(ForgetOutcome::NotFound);
        };
        self.forget_attempts(username).await?;
        ended.extend(ended_since);
        Ok(ForgetOutcome::Forgotten { id, ended })
    }

    /// Forgets what was counted of an account, and where it has signed in from. An application with
    /// its own users calls it when somebody helped one to another password; for the bundled ones
    /// [`Accounts::set_password`](crate::Accounts::set_password) does.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn forget_attempts(&self, username: &str) -> Result<(), StoreError> {
        self.store().forget_attempts(self.throttle.account(username)).await
    }
}
