use super::UnifiedSessionManager;
use crate::client::Client;
use crate::context::SessionContext;
use crate::error::SessionError;
use crate::identity::PlatformId;
use crate::session::UserSession;
use crate::store::UpdateOutcome;

/// What came of a switch.
#[derive(Debug)]
pub enum SwitchOutcome {
    /// The session is in the platform.
    Switched(Box<SessionContext>),
    /// Someone changed the session first; how it is now.
    Conflict(Box<SessionContext>),
    /// The platform is not the user's, or not active. Nothing changed.
    PlatformNotFound,
}

impl UnifiedSessionManager {
    /// Switches the platform of a session in one update of its row: all or nothing, and only if
    /// its revision is still `expected_revision` (`None`: whatever it is).
    ///
    /// # Errors
    /// [`SessionError::Invalid`] when the session has ended meanwhile; [`SessionError::Store`]
    /// when the database fails.
    pub async fn update_platform_context(
        &self,
        context: &SessionContext,
        platform: &PlatformId,
        expected_revision: Option<i64>,
        client: &Client,
    ) -> Result<SwitchOutcome, SessionError> {
        let Some(chosen) = self.directory().platform(context.user_id(), platform).await? else {
            return Ok(SwitchOutcome::PlatformNotFound);
        };
        let change = self.change_by(context, client);
        let outcome = self
            .store()
            .switch_platform_if(context.session.id, Some(platform), expected_revision, &change)
            .await?;
        match outcome {
            UpdateOutcome::Updated(session) => {
                Ok(SwitchOutcome::Switched(Box::new(SessionContext {
                    platform: Some(chosen),
                    ..self.refreshed(context, *session)
                })))
            }
            UpdateOutcome::Conflict(session) => {
                let platform = match &session.active_platform_id {
                    Some(id) => self.directory().platform(context.user_id(), id).await?,
                    None => None,
                };
                Ok(SwitchOutcome::Conflict(Box::new(SessionContext {
                    platform,
                    ..self.refreshed(context, *session)
                })))
            }
            UpdateOutcome::Gone => Err(self.why_gone(&context.session.handle).await),
        }
    }

    /// The context with the row as it is now. Activity that is not written yet stays counted.
    fn refreshed(&self, context: &SessionContext, session: UserSession) -> SessionContext {
        let last_activity = self.activity.latest(session.id, session.last_activity);
        SessionContext { session: UserSession { last_activity, ..session }, ..context.clone() }
    }
}
