use super::{State, bundled_key, next};
use crate::context::UserInfo;
use crate::directory::{PasswordHash, SignInFacts, UserFacts};
use crate::event::{Change, EventKind};
use crate::identity::UserId;
use crate::session::{EndReason, Role, UserSession};
use crate::store::{
    AddUser, EndedSession, NewUser, PasswordChange, PasswordOutcome, User, UserChange, UserOutcome,
};
use crate::time::Timestamp;

/// A row of `users`.
pub(super) struct UserRow {
    pub(super) info: UserInfo,
    pub(super) is_active: bool,
    created_at: Timestamp,
    password_hash: Option<PasswordHash>,
    pub(super) password_changed_at: Timestamp,
    role_changed_at: Option<Timestamp>,
}

impl UserRow {
    pub(super) fn facts(&self) -> UserFacts {
        UserFacts {
            info: self.info.clone(),
            is_active: self.is_active,
            role_changed_at: self.role_changed_at,
        }
    }

    fn is_active_admin(&self) -> bool {
        self.is_active && self.info.role == Role::Admin
    }

    pub(super) fn sign_in_facts(&self) -> SignInFacts {
        SignInFacts {
            user: self.facts(),
            password_hash: self.password_hash.clone(),
            password_changed_at: self.password_changed_at,
        }
    }

    pub(super) fn to_user(&self) -> User {
        User {
            info: self.info.clone(),
            is_active: self.is_active,
            created_at: self.created_at,
            password_changed_at: self.password_changed_at,
        }
    }
}

impl State {
    pub(super) fn user(&self, id: &UserId) -> Option<&UserRow> {
        self.users.get(&bundled_key(&id.0)?)
    }

    fn user_mut(&mut self, id: &UserId) -> Option<&mut UserRow> {
        self.users.get_mut(&bundled_key(&id.0)?)
    }

    pub(super) fn user_by_name(&self, username: &str) -> Option<&UserRow> {
        self.users.values().find(|user| user.info.username == username)
    }

    pub(super) fn add_user(&mut self, new: NewUser, change: &Change) -> AddUser {
        let folded = new.username.to_lowercase();
        if self.users.values().any(|user| user.info.username.to_lowercase() == folded) {
            return AddUser::UsernameTaken;
        }
        if self.users.values().any(|user| user.info.email.eq_ignore_ascii_case(&new.email)) {
            return AddUser::EmailTaken;
        }
        let key = next(&mut self.last_user);
        let id = UserId::from(key);
        let row = UserRow {
            info: UserInfo {
                id: id.clone(),
                username: new.username,
                email: new.email,
                role: new.role,
            },
            is_active: true,
            created_at: change.at,
            password_hash: new.password_hash,
            password_changed_at: change.at,
            role_changed_at: None,
        };
        self.users.insert(key, row);
        self.record_of(EventKind::UserAdded, &id, None, String::new(), change);
        AddUser::Added(id)
    }

    pub(super) fn change_user(
        &mut self,
        id: &UserId,
        what: UserChange,
        change: &Change,
    ) -> UserOutcome {
        let Some(user) = self.user(id) else { return UserOutcome::NotFound };
        let role = what.role.filter(|role| *role != user.info.role);
        let is_active = what.is_active.filter(|is_active| *is_active != user.is_active);
        let loses_admin = user.is_active_admin()
            && (role.is_some() || is_active == Some(false))
            && !self.users.values().any(|user| user.is_active_admin() && user.info.id != *id);
        if what.spares_last_admin && loses_admin {
            return UserOutcome::LastAdmin;
        }
        if let Some(role) = role {
            self.set_role(id, role, change);
        }
        let ended = is_active.map(|is_active| self.set_active(id, is_active, change));
        let Some(user) = self.user(id) else { return UserOutcome::NotFound };
        let user = Box::new(user.to_user());
        UserOutcome::Changed { user, ended: ended.unwrap_or_default() }
    }

    fn set_active(&mut self, id: &UserId, is_active: bool, change: &Change) -> Vec<EndedSession> {
        if let Some(user) = self.user_mut(id) {
            user.is_active = is_active;
        }
        if is_active {
            self.record_of(EventKind::UserEnabled, id, None, String::new(), change);
            return Vec::new();
        }
        self.record_of(EventKind::UserDisabled, id, None, String::new(), change);
        let theirs = |session: &UserSession| session.user_id == *id;
        self.end_where(theirs, usize::MAX, EndReason::UserDisabled, change)
    }

    fn set_role(&mut self, id: &UserId, role: Role, change: &Change) {
        if let Some(user) = self.user_mut(id) {
            user.info.role = role;
            user.role_changed_at = Some(change.at);
        }
        for row in self.live_rows().filter(|row| row.session.user_id == *id) {
            row.revise(change);
        }
        self.record_of(EventKind::RoleChanged, id, None, role.to_string(), change);
    }

    pub(super) fn forget_user(
        &mut self,
        id: &UserId,
        change: &Change,
    ) -> Option<Vec<EndedSession>> {
        let theirs = |session: &UserSession| session.user_id == *id;
        let ended = self.end_where(theirs, usize::MAX, EndReason::UserDisabled, change);
        let mut anything = self.forget_clients(id);
        for session in self.sessions.values().map(|row| &row.session).filter(|row| theirs(row)) {
            self.tokens.retain(|_, token| token.session != session.id);
            anything = true;
        }
        self.sessions.retain(|_, row| !theirs(&row.session));
        self.forget_platforms(id);
        anything |= bundled_key(&id.0).and_then(|key| self.users.remove(&key)).is_some();
        if !anything {
            return None;
        }
        let change = change.without_client();
        self.record_of(EventKind::UserForgotten, id, None, String::new(), &change);
        Some(ended)
    }

    pub(super) fn change_password(
        &mut self,
        id: &UserId,
        password: PasswordChange,
        change: &Change,
    ) -> PasswordOutcome {
        let Some(user) = self.user(id) else { return PasswordOutcome::Refused };
        if password.checked_against.is_some_and(|checked| checked != user.password_changed_at) {
            return PasswordOutcome::Refused;
        }
        let kept_id = password.keep.map(|(session, _)| session);
        if let Some((session, rotation)) = password.keep {
            let is_theirs = self.live(session).is_some_and(|row| row.session.user_id == *id);
            if !is_theirs || self.replace_token(session, rotation, change).is_err() {
                return PasswordOutcome::Refused;
            }
            self.retire_others(session, &rotation.token, change.at);
        }
        if let Some(user) = self.user_mut(id) {
            user.password_hash = Some(password.hash);
            user.password_changed_at = change.at;
        }
        let kept = kept_id.and_then(|session| self.live(session)).map(|row| {
            row.revise(change);
            Box::new(row.session.clone())
        });
        let handle = kept.as_ref().map(|session| session.handle);
        self.record_of(EventKind::PasswordChanged, id, handle, String::new(), change);
        let others = |session: &UserSession| session.user_id == *id && Some(session.id) != kept_id;
        let ended = self.end_where(others, usize::MAX, EndReason::PasswordChanged, change);
        PasswordOutcome::Changed { kept, ended }
    }

    pub(super) fn upgrade_password_hash(
        &mut self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> bool {
        let user = self.user_mut(id).filter(|user| user.password_hash.as_ref() == Some(old));
        user.map(|user| user.password_hash = Some(new.clone())).is_some()
    }
}
