use super::UnifiedSessionManager;
use crate::client::Client;
use crate::context::SessionContext;
use crate::directory::PasswordHash;
use crate::error::SessionError;
use crate::session::UserSession;
use crate::store::{
    EndedSession, PasswordChange, PasswordOutcome, RotateOutcome, Rotation, StoreError,
    StoreErrorKind,
};
use crate::time::Timestamp;
use crate::token::SessionToken;

/// A session under a new token.
#[derive(Debug)]
pub struct Renewed {
    /// For the one `Set-Cookie` line.
    pub token: SessionToken,
    /// What the next request knows.
    pub context: SessionContext,
    /// Other sessions that ended for it.
    pub ended: Vec<EndedSession>,
}

impl UnifiedSessionManager {
    /// Replaces the token of a session when it is due. `None` when it is not, when a successor is
    /// already on its way, or when the token has retired or the session has ended meanwhile.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails: the old token stays good.
    pub async fn rotate_session(
        &self,
        context: &SessionContext,
        client: &Client,
    ) -> Result<Option<SessionToken>, SessionError> {
        if !context.rotation_due {
            return Ok(None);
        }
        let token = SessionToken::generate(self.random())?;
        let change = self.change_by(context, client);
        let rotation = Rotation {
            replaces: Some(context.token_hash),
            ..self.rotation(&token, change.at, false, None)
        };
        match self.store().rotate(context.session.id, rotation, &change).await? {
            RotateOutcome::Rotated(_) => Ok(Some(token)),
            RotateOutcome::Pending
            | RotateOutcome::Refused
            | RotateOutcome::Collision
            | RotateOutcome::Gone => Ok(None),
        }
    }

    /// Notes that the user has just proved again who they are: the session gets a new token, a
    /// new absolute end, and is fresh.
    ///
    /// # Errors
    /// [`SessionError::Invalid`] when the session has ended meanwhile; [`SessionError::Store`]
    /// when the database fails.
    pub async fn reauthenticate_session(
        &self,
        context: &SessionContext,
        client: &Client,
    ) -> Result<Renewed, SessionError> {
        let renewed = self.reauthenticate_by_password(context, None, client).await?;
        // Only a password that was checked can have changed.
        renewed.ok_or_else(|| broken_randomness().into())
    }

    /// [`reauthenticate_session`](Self::reauthenticate_session) by a password that had last been
    /// changed at `password_changed_at`; `None` when it is another by now.
    pub(crate) async fn reauthenticate_by_password(
        &self,
        context: &SessionContext,
        password_changed_at: Option<Timestamp>,
        client: &Client,
    ) -> Result<Option<Renewed>, SessionError> {
        let token = SessionToken::generate(self.random())?;
        let change = self.change_by(context, client);
        let until = change.at + self.policy.lifetime_of(context.session.remembered).absolute;
        let rotation =
            Rotation { password_changed_at, ..self.rotation(&token, change.at, true, Some(until)) };
        match self.store().rotate(context.session.id, rotation, &change).await? {
            RotateOutcome::Rotated(session) => {
                Ok(Some(self.renewed(context, token, *session, Vec::new())))
            }
            RotateOutcome::Refused => Ok(None),
            RotateOutcome::Gone => Err(self.why_gone(&context.session.handle).await),
            RotateOutcome::Pending | RotateOutcome::Collision => Err(broken_randomness().into()),
        }
    }

    /// Stores the user's new password, ends their other sessions and gives this one a new token.
    /// `None` when another change came first.
    ///
    /// # Errors
    /// [`SessionError::Invalid`] when the session has ended meanwhile; [`SessionError::Store`]
    /// when the database fails. The password is unchanged then.
    pub async fn change_password(
        &self,
        context: &SessionContext,
        hash: PasswordHash,
        checked_against: Timestamp,
        client: &Client,
    ) -> Result<Option<Renewed>, SessionError> {
        let token = SessionToken::generate(self.random())?;
        let change = self.change_by(context, client);
        let until = change.at + self.policy.lifetime_of(context.session.remembered).absolute;
        let rotation = self.rotation(&token, change.at, true, Some(until));
        let password = PasswordChange {
            hash,
            keep: Some((context.session.id, rotation)),
            checked_against: Some(checked_against),
        };
        match self.store().change_password(context.user_id(), password, &change).await? {
            PasswordOutcome::Changed { kept: Some(kept), ended } => {
                Ok(Some(self.renewed(context, token, *kept, ended)))
            }
            PasswordOutcome::Changed { kept: None, .. } | PasswordOutcome::Refused => {
                match self.still_live(context).await {
                    Ok(()) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }

    async fn still_live(&self, context: &SessionContext) -> Result<(), SessionError> {
        match self.store().find_by_handle(&context.session.handle).await? {
            Some(session) if session.ended.is_none() => Ok(()),
            _ => Err(self.why_gone(&context.session.handle).await),
        }
    }

    fn rotation(
        &self,
        token: &SessionToken,
        now: Timestamp,
        forced: bool,
        authenticated_until: Option<Timestamp>,
    ) -> Rotation {
        Rotation {
            token: token.hash(),
            replaces: None,
            patience_since: now - self.policy.successor_patience,
            forced,
            authenticated_until,
            password_changed_at: None,
        }
    }

    fn renewed(
        &self,
        context: &SessionContext,
        token: SessionToken,
        session: UserSession,
        ended: Vec<EndedSession>,
    ) -> Renewed {
        let idle = self.policy.lifetime_of(session.remembered).idle;
        let context = SessionContext {
            idle_expires_at: session.last_activity + idle,
            token_hash: token.hash(),
            // An authentication and its token have one moment.
            token_issued_at: session.authenticated_at,
            session,
            rotation_due: false,
            ..context.clone()
        };
        Renewed { token, context, ended }
    }
}

/// A forced rotation is never pending, and 256 random bits do not repeat.
fn broken_randomness() -> StoreError {
    StoreError::new(StoreErrorKind::Failed, "the new token was taken")
}
