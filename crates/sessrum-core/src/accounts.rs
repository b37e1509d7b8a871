//! What people do with their password: sign in, prove again who they are, change it.

use std::sync::Arc;

use crate::client::Client;
use crate::context::SessionContext;
use crate::directory::SignInFacts;
use crate::error::SessionError;
use crate::event::{Actor, Change, EventKind};
use crate::identity::{PlatformId, UserId};
use crate::manager::{Renewed, SignIn, SignInOutcome, UnifiedSessionManager};
use crate::password::{
    PasswordError, PasswordHasher, PasswordRule, Verification, check_new_password,
};
use crate::session::Role;
use crate::store::{
    AddUser, EndedSession, NewEvent, NewUser, PasswordChange, PasswordOutcome, StoreError,
};
use crate::user_rule::{UserRule, check_new_user};
use zeroize::Zeroizing;

/// Passwords and sessions together.
pub struct Accounts {
    manager: Arc<UnifiedSessionManager>,
    hasher: PasswordHasher,
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

/// A verb did not get through.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The session or the database stood in the way.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Hashing did.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        Self::Session(error.into())
    }
}

/// What came of a request to change a password.
#[derive(Debug)]
pub enum PasswordChanged {
    /// It is changed. The others' sessions ended; the own one has a new token.
    Changed(Box<Renewed>),
    /// The current password is another.
    Wrong,
    /// The new one may not be chosen.
    Unfit(PasswordRule),
    /// The application keeps its users' passwords itself, in its own directory.
    NotKeptHere,
}

/// What came of giving a user another password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordSet {
    /// It is changed, and these sessions ended.
    Changed(Vec<EndedSession>),
    /// It may not be chosen.
    Unfit(PasswordRule),
    /// There is no such user.
    UserUnknown,
}

/// What came of a request to add a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAdded {
    /// The key.
    Added(UserId),
    /// Someone has this name.
    UsernameTaken,
    /// Someone has this address.
    EmailTaken,
    /// The name or the address does not do.
    UserUnfit(UserRule),
    /// The password may not be chosen.
    PasswordUnfit(PasswordRule),
}

impl Accounts {
    /// Over a manager.
    #[must_use]
    pub const fn new(manager: Arc<UnifiedSessionManager>, hasher: PasswordHasher) -> Self {
        Self { manager, hasher }
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
    /// one hash each.
    ///
    /// # Errors
    /// [`AccountError`] when the database or hashing fails.
    pub async fn sign_in(
        &self,
        form: PasswordSignIn,
        current: Option<&SessionContext>,
        client: &Client,
    ) -> Result<SignInOutcome, AccountError> {
        let facts = self.manager.directory().find_for_sign_in(&form.username).await?;
        let stored = facts.as_ref().and_then(|facts| facts.password_hash.as_ref());
        let verified = self.hasher.verify(&form.password, stored).await?;
        let (facts, outdated) = match (facts, verified) {
            (Some(facts), Verification::Right { outdated }) if facts.user.is_active => {
                (facts, outdated)
            }
            (facts, _) => {
                self.record_refusal(facts, client).await?;
                return Ok(SignInOutcome::Refused);
            }
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

    /// Proves again who the user is. `None` when the password is another.
    ///
    /// # Errors
    /// [`AccountError`] when the session has ended meanwhile, or the database or hashing fails.
    pub async fn reauthenticate(
        &self,
        context: &SessionContext,
        password: &str,
        client: &Client,
    ) -> Result<Option<Renewed>, AccountError> {
        let Some(facts) = self.check(context, password, client).await? else { return Ok(None) };
        // The application's own directory tells of changes afterwards.
        let checked = (!self.manager.has_own_directory()).then_some(facts.password_changed_at);
        Ok(self.manager.reauthenticate_by_password(context, checked, client).await?)
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
        if let Err(rule) = check_new_password(new) {
            return Ok(PasswordChanged::Unfit(rule));
        }
        let Some(facts) = self.check(context, current, client).await? else {
            return Ok(PasswordChanged::Wrong);
        };
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
        if let Err(rule) = check_new_password(password) {
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

    /// Gives a user of the bundled tables another password and ends all their sessions.
    ///
    /// # Errors
    /// [`AccountError`] when the database or hashing fails.
    pub async fn set_password(
        &self,
        user: &UserId,
        password: &str,
        change: &Change,
    ) -> Result<PasswordSet, AccountError> {
        if let Err(rule) = check_new_password(password) {
            return Ok(PasswordSet::Unfit(rule));
        }
        let hash = self.hasher.hash(password).await?;
        let password = PasswordChange { hash, keep: None, checked_against: None };
        Ok(match self.manager.store().change_password(user, password, change).await? {
            PasswordOutcome::Changed { ended, .. } => PasswordSet::Changed(ended),
            PasswordOutcome::Refused => PasswordSet::UserUnknown,
        })
    }

    /// The facts of the context's user if `password` is theirs.
    async fn check(
        &self,
        context: &SessionContext,
        password: &str,
        client: &Client,
    ) -> Result<Option<SignInFacts>, AccountError> {
        let found = self.manager.directory().find_for_sign_in(&context.user.username).await?;
        let facts = found.filter(|facts| facts.user.info.id == context.user.id);
        let stored = facts.as_ref().and_then(|facts| facts.password_hash.as_ref());
        match self.hasher.verify(password, stored).await? {
            Verification::Right { .. } => Ok(facts),
            Verification::Wrong => {
                self.record_refusal(facts, client).await?;
                Ok(None)
            }
        }
    }

    /// The name that was typed is not kept: people type passwords into the wrong field.
    async fn record_refusal(
        &self,
        facts: Option<SignInFacts>,
        client: &Client,
    ) -> Result<(), StoreError> {
        let event = NewEvent {
            kind: EventKind::SignInFailed,
            user_id: facts.map(|facts| facts.user.info.id),
            session: None,
            detail: String::new(),
        };
        self.manager.store().record(event, &self.manager.change(Actor::Anonymous, client)).await
    }

    async fn upgrade(&self, facts: &SignInFacts, password: &str) -> Result<(), AccountError> {
        if let Some(old) = &facts.password_hash {
            let new = self.hasher.hash(password).await?;
            self.manager.store().upgrade_password_hash(&facts.user.info.id, old, &new).await?;
        }
        Ok(())
    }
}
