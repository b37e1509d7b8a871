//! What people do with their password: sign in, prove again who they are, change it.

use std::sync::Arc;
use std::time::Duration;

use crate::account_outcomes::{
    AccountError, PasswordChanged, PasswordSet, Reauthenticated, UserAdded,
};
use crate::client::Client;
use crate::context::{SessionContext, UserInfo};
use crate::directory::SignInFacts;
use crate::event::{Actor, Change, EventKind};
use crate::identity::{PlatformId, UserId};
use crate::lanes::Lanes;
use crate::manager::{SignIn, SignInOutcome, UnifiedSessionManager};
use crate::password::{PasswordError, PasswordHasher, Verification};
use crate::password_rule::PasswordRule;
use crate::session::Role;
use crate::store::{AddUser, NewEvent, NewUser, PasswordChange, PasswordOutcome, StoreError};
use crate::throttle::Attempt;
use crate::user_rule::check_new_user;
use zeroize::Zeroizing;

/// Passwords and sessions together.
pub struct Accounts {
    manager: Arc<UnifiedSessionManager>,
    hasher: PasswordHasher,
    lanes: Lanes,
    site_name: String,
}

/// What a sign-in form says.
pub struct PasswordSignIn {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// The platform to start with.
    pub platform_id: Option<PlatformId>,
    /// Whether to stay signed in.
    pub remember: bool,
}

/// What came of looking at a password.
enum Checked {
    /// The password is right, and the platform asked for is not theirs.
    PlatformNotFound,
    Right {
        facts: SignInFacts,
        outdated: bool,
    },
    Wrong,
    TooManyFailures(Duration),
}

impl Accounts {
    /// Over a manager.
    #[must_use]
    pub fn new(manager: Arc<UnifiedSessionManager>, hasher: PasswordHasher) -> Self {
        let lanes = Lanes::beside(hasher.at_once());
        Self { manager, hasher, lanes, site_name: String::new() }
    }

    /// With the site's name, such as its host: no password may be made of it.
    #[must_use]
    pub fn with_site_name(mut self, name: impl Into<String>) -> Self {
        self.site_name = name.into();
        self
    }

    /// The manager.
    #[must_use]
    pub const fn manager(&self) -> &Arc<UnifiedSessionManager> {
        &self.manager
    }

    /// What hashes the passwords.
    #[must_use]
    pub const fn hasher(&self) -> &PasswordHasher {
        &self.hasher
    }

    /// Signs in with a name and a password. [`SignInOutcome::Refused`] says only that the two do
    /// not go together: an unknown user, a wrong password and a disabled user look alike and take
    /// one hash each. After too many failures a right password looks like a wrong one, too; see
    /// [`throttle`](crate::throttle).
    ///
    /// # Errors
    /// [`AccountError`] when the database or hashing fails.
    pub async fn sign_in(
        &self,
        form: PasswordSignIn,
        current: Option<&SessionContext>,
        client: &Client,
    ) -> Result<SignInOutcome, AccountError> {
        let attempt = self.manager.attempt(&form.username, client);
        let wanted = form.platform_id.as_ref();
        let checked =
            self.look_at(&form.password, attempt, &form.username, None, wanted, client).await?;
        let (facts, outdated) = match checked {
            Checked::Right { facts, outdated } => (facts, outdated),
            Checked::Wrong => return Ok(SignInOutcome::Refused),
            Checked::PlatformNotFound => return Ok(SignInOutcome::PlatformNotFound),
            Checked::TooManyFailures(wait) => return Ok(SignInOutcome::TooManyFailures { wait }),
        };
        if outdated {
            self.upgrade(&facts, &form.password).await?;
        }
        let sign_in = SignIn {
            user: facts.user.info,
            password_changed_at: Some(facts.password_changed_at),
            platform_id: form.platform_id,
            remember: form.remember,
            replaces: current.map(|context| context.session.id),
        };
        Ok(self.manager.create_session(sign_in, client).await?)
    }

    /// Proves again who the user is.
    ///
    /// # Errors
    /// [`AccountError`] when the session has ended meanwhile, or the database or hashing fails.
    pub async fn reauthenticate(
        &self,
        context: &SessionContext,
        password: &str,
        client: &Client,
    ) -> Result<Reauthenticated, AccountError> {
        match self.check(context, password, client).await? {
            Checked::Right { facts, .. } => {
                // The application's own directory tells of changes afterwards.
                let checked =
                    (!self.manager.has_own_directory()).then_some(facts.password_changed_at);
                let renewed = self.manager.reauthenticate_by_password(context, checked, client);
                Ok(renewed.await?.map_or(Reauthenticated::Wrong, |renewed| {
                    Reauthenticated::Renewed(Box::new(renewed))
                }))
            }
            // No platform is asked for here.
            Checked::Wrong | Checked::PlatformNotFound => Ok(Reauthenticated::Wrong),
            Checked::TooManyFailures(wait) => Ok(Reauthenticated::TooManyFailures { wait }),
        }
    }

    /// Changes the user's own password.
    ///
    /// # Errors
    /// [`AccountError`] when the session has ended meanwhile, or the database or hashing fails.
    pub async fn change_password(
        &self,
        context: &SessionContext,
        current: &str,
        new: &str,
        client: &Client,
    ) -> Result<PasswordChanged, AccountError> {
        if self.manager.has_own_directory() {
            return Ok(PasswordChanged::NotKeptHere);
        }
        if let Err(rule) = self.check_new(new, &context.user.username, &context.user.email).await? {
            return Ok(PasswordChanged::Unfit(rule));
        }
        let facts = match self.check(context, current, client).await? {
            Checked::Right { facts, .. } => facts,
            Checked::Wrong | Checked::PlatformNotFound => return Ok(PasswordChanged::Wrong),
            Checked::TooManyFailures(wait) => {
                return Ok(PasswordChanged::TooManyFailures { wait });
            }
        };
        if new == current {
            return Ok(PasswordChanged::Unfit(PasswordRule::Unchanged));
        }
        let hash = self.hasher.hash(new).await?;
        let checked = facts.password_changed_at;
        Ok(match self.manager.change_password(context, hash, checked, client).await? {
            Some(renewed) => PasswordChanged::Changed(Box::new(renewed)),
            None => PasswordChanged::Wrong,
        })
    }

    /// Adds a user to the bundled tables.
    ///
    /// # Errors
    /// [`AccountError`] when the database or hashing fails.
    pub async fn add_user(
        &self,
        username: String,
        email: String,
        role: Role,
        password: &str,
        change: &Change,
    ) -> Result<UserAdded, AccountError> {
        if let Err(rule) = check_new_user(&username, &email) {
            return Ok(UserAdded::UserUnfit(rule));
        }
        if let Err(rule) = self.check_new(password, &username, &email).await? {
            return Ok(UserAdded::PasswordUnfit(rule));
        }
        let password_hash = Some(self.hasher.hash(password).await?);
        let new = NewUser { username, email, role, password_hash };
        Ok(match self.manager.store().add_user(new, change).await? {
            AddUser::Added(id) => UserAdded::Added(id),
            AddUser::UsernameTaken => UserAdded::UsernameTaken,
            AddUser::EmailTaken => UserAdded::EmailTaken,
        })
    }

    /// Gives a user of the bundled tables another password, ends all their sessions, and forgets
    /// the failures of their account.
    ///
    /// # Errors
    /// [`AccountError`] when the database or hashing fails.
    pub async fn set_password(
        &self,
        user: &UserId,
        password: &str,
        change: &Change,
    ) -> Result<PasswordSet, AccountError> {
        let store = self.manager.store();
        let Some(facts) = store.user(user).await? else { return Ok(PasswordSet::UserUnknown) };
        let UserInfo { username, email, .. } = facts.info;
        if let Err(rule) = self.check_new(password, &username, &email).await? {
            return Ok(PasswordSet::Unfit(rule));
        }
        let hash = self.hasher.hash(password).await?;
        let password = PasswordChange { hash, keep: None, checked_against: None };
        match store.change_password(user, password, change).await? {
            PasswordOutcome::Changed { ended, .. } => {
                self.manager.forget_attempts(&username).await?;
                Ok(PasswordSet::Changed(ended))
            }
            PasswordOutcome::Refused => Ok(PasswordSet::UserUnknown),
        }
    }

    /// Whether a user may choose this password.
    async fn check_new(
        &self,
        password: &str,
        username: &str,
        email: &str,
    ) -> Result<Result<(), PasswordRule>, PasswordError> {
        self.hasher.check_new(password, &[username, email, &self.site_name]).await
    }

    /// Whether `password` is that of the context's user.
    async fn check(
        &self,
        context: &SessionContext,
        password: &str,
        client: &Client,
    ) -> Result<Checked, AccountError> {
        let (attempt, user) = (self.manager.attempt_in(context), &context.user);
        self.look_at(password, attempt, &user.username, Some(&user.id), None, client).await
    }

    /// Looks at a password, unless there were too many failures: whether it is that of the user of
    /// this name, who must have this key if one is given. It counts as right when the platform that
    /// is wanted is theirs: nobody finds out a password without a session, or a trace.
    async fn look_at(
        &self,
        password: &str,
        attempt: Attempt,
        username: &str,
        key: Option<&UserId>,
        wanted: Option<&PlatformId>,
        client: &Client,
    ) -> Result<Checked, AccountError> {
        let _one_at_a_time = self.lanes.enter(&attempt).await;
        if let Some(wait) = self.manager.begin_attempt(&attempt, client).await? {
            return Ok(Checked::TooManyFailures(wait));
        }
        let found = self.manager.directory().find_for_sign_in(username).await?;
        let facts = found.filter(|facts| key.is_none_or(|key| facts.user.info.id == *key));
        let stored = facts.as_ref().and_then(|facts| facts.password_hash.as_ref());
        let verified = self.hasher.verify(password, stored).await?;
        match (facts, verified) {
            (Some(facts), Verification::Right { outdated }) if facts.user.is_active => {
                if let Some(wanted) = wanted {
                    let user = &facts.user.info.id;
                    if self.manager.directory().platform(user, wanted).await?.is_none() {
                        self.record_refusal(Some(facts), "platform_not_found", client).await?;
                        return Ok(Checked::PlatformNotFound);
                    }
                }
                self.manager.attempt_succeeded(&attempt).await?;
                Ok(Checked::Right { facts, outdated })
            }
            (facts, _) => {
                self.record_refusal(facts, "", client).await?;
                Ok(Checked::Wrong)
            }
        }
    }

    /// The name that was typed is not kept: people type passwords into the wrong field.
    async fn record_refusal(
        &self,
        facts: Option<SignInFacts>,
        detail: &str,
        client: &Client,
    ) -> Result<(), StoreError> {
        let event = NewEvent {
            kind: EventKind::SignInFailed,
            user_id: facts.map(|facts| facts.user.info.id),
            session: None,
            detail: detail.to_owned(),
        };
        self.manager.record(event, &self.manager.change(Actor::Anonymous, client)).await
    }

    async fn upgrade(&self, facts: &SignInFacts, password: &str) -> Result<(), AccountError> {
        if let Some(old) = &facts.password_hash {
            let new = self.hasher.hash(password).await?;
            self.manager.store().upgrade_password_hash(&facts.user.info.id, old, &new).await?;
        }
        Ok(())
    }
}
