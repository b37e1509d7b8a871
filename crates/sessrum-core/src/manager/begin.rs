use std::time::Duration;

use super::UnifiedSessionManager;
use crate::client::Client;
use crate::context::{PlatformInfo, SessionContext, UserInfo};
use crate::error::SessionError;
use crate::event::Actor;
use crate::identity::{PlatformId, SessionId, UserId};
use crate::store::{CreateOutcome, EndedSession, NewSession, StoreError, StoreErrorKind};
use crate::time::Timestamp;
use crate::token::{SessionHandle, SessionToken};

/// Handles and tokens are random: a second collision in a row means broken randomness.
const ATTEMPTS: usize = 3;

/// A user who has proved who they are and is to get a session.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The user.
    pub user: UserInfo,
    /// When the password that was checked had last been changed; `None`: none was checked.
    pub password_changed_at: Option<Timestamp>,
    /// The platform to start with; `None`: the default one, else the first.
    pub platform_id: Option<PlatformId>,
    /// Whether to stay signed in for the remembered lifetime.
    pub remember: bool,
    /// The session that the browser holds so far: it ends.
    pub replaces: Option<SessionId>,
}

/// What came of a sign-in.
#[derive(Debug)]
pub enum SignInOutcome {
    /// There is a session.
    SignedIn(Box<SignedIn>),
    /// The platform asked for is not the user's, or not active. There is no session.
    PlatformNotFound,
    /// The user was disabled, or the password changed, while signing in. There is no session.
    Refused,
    /// There were too many failures, so the password was not looked at: of
    /// [`Accounts::sign_in`](crate::Accounts::sign_in) alone. There is no session.
    TooManyFailures {
        /// How long to wait for the next attempt.
        wait: Duration,
    },
}

/// A new session.
#[derive(Debug)]
pub struct SignedIn {
    /// For the one `Set-Cookie` line.
    pub token: SessionToken,
    /// What its first request knows.
    pub context: SessionContext,
    /// What ended for it: the browser's earlier session, and those over the cap.
    pub ended: Vec<EndedSession>,
}

impl UnifiedSessionManager {
    /// Creates a session.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails: there is no session then.
    pub async fn create_session(
        &self,
        sign_in: SignIn,
        client: &Client,
    ) -> Result<SignInOutcome, SessionError> {
        let wanted = sign_in.platform_id.as_ref();
        let platform = self.first_platform(&sign_in.user.id, wanted).await?;
        if wanted.is_some() && platform.is_none() {
            return Ok(SignInOutcome::PlatformNotFound);
        }
        // The cap ends who was used least recently, by what the database knows.
        self.flush_session_activity().await?;
        let change = self.change(Actor::User(sign_in.user.id.clone()), client);
        let lifetime = self.policy.lifetime_of(sign_in.remember);
        for _ in 0..ATTEMPTS {
            let token = SessionToken::generate(self.random())?;
            let new = NewSession {
                handle: SessionHandle::generate(self.random())?,
                token: token.hash(),
                user_id: sign_in.user.id.clone(),
                user_is_bundled: !self.has_own_directory(),
                active_platform_id: platform.as_ref().map(|platform| platform.id.clone()),
                expires_at: change.at + lifetime.absolute,
                remembered: sign_in.remember,
                fingerprint: self.fingerprint_of(client),
                user_agent: client.user_agent.clone(),
                ip_address: client.ip_address,
                replaces: sign_in.replaces,
                password_changed_at: sign_in.password_changed_at,
                cap: self.policy.sessions_per_user,
            };
            match self.store().create(new, &change).await? {
                CreateOutcome::Created { session, ended } => {
                    let context = SessionContext {
                        idle_expires_at: session.last_activity + lifetime.idle,
                        session: *session,
                        user: sign_in.user,
                        platform,
                        token_hash: token.hash(),
                        token_issued_at: change.at,
                        rotation_due: false,
                    };
                    let signed_in = SignedIn { token, context, ended };
                    return Ok(SignInOutcome::SignedIn(Box::new(signed_in)));
                }
                CreateOutcome::Refused => return Ok(SignInOutcome::Refused),
                CreateOutcome::Collision => {}
            }
        }
        Err(StoreError::new(StoreErrorKind::Failed, "every new token was taken").into())
    }

    /// The platform asked for if it is the user's; without a wish the default, else the first.
    async fn first_platform(
        &self,
        user: &UserId,
        wanted: Option<&PlatformId>,
    ) -> Result<Option<PlatformInfo>, StoreError> {
        match wanted {
            Some(id) => self.directory().platform(user, id).await,
            None => Ok(self.directory().platforms(user).await?.into_iter().next()),
        }
    }
}
