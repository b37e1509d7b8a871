use std::cmp::Reverse;

use super::{State, bundled_key, next};
use crate::context::PlatformInfo;
use crate::event::{Change, EventKind};
use crate::identity::{PlatformId, UserId};
use crate::sealing::SealedCredentials;
use crate::session::UserSession;
use crate::store::{
    AddPlatform, MOST_PLATFORMS, NewPlatform, PlatformChange, PlatformConnection,
    PlatformCredentials, PlatformOutcome,
};
use crate::time::Timestamp;

/// A row of `platform_connections`.
pub(super) struct PlatformRow {
    user: UserId,
    pub(super) info: PlatformInfo,
    pub(super) is_active: bool,
    created_at: Timestamp,
    last_used: Option<Timestamp>,
    pub(super) credentials: Option<SealedCredentials>,
}

impl PlatformRow {
    pub(super) fn to_connection(&self) -> PlatformConnection {
        PlatformConnection {
            info: self.info.clone(),
            is_active: self.is_active,
            created_at: self.created_at,
            last_used: self.last_used,
        }
    }
}

impl State {
    pub(super) fn platform(&self, user: &UserId, id: &PlatformId) -> Option<&PlatformRow> {
        self.platforms.get(&bundled_key(&id.0)?).filter(|platform| platform.user == *user)
    }

    /// The default first, then by name.
    pub(super) fn platforms_of(&self, user: &UserId) -> Vec<&PlatformRow> {
        let mut platforms: Vec<&PlatformRow> =
            self.platforms.values().filter(|platform| platform.user == *user).collect();
        platforms.sort_by_key(|platform| (Reverse(platform.info.is_default), &platform.info.name));
        platforms
    }

    pub(super) fn add_platform(
        &mut self,
        user: &UserId,
        new: NewPlatform,
        change: &Change,
    ) -> AddPlatform {
        if self.user(user).is_none() {
            return AddPlatform::UserUnknown;
        }
        let theirs = self.platforms_of(user);
        if theirs.iter().any(|other| other.info.name == new.name) {
            return AddPlatform::NameTaken;
        }
        let is_same_account = |other: &PlatformInfo| {
            other.instance_url == new.instance_url && other.username == new.username
        };
        if theirs.iter().any(|other| is_same_account(&other.info)) {
            return AddPlatform::AccountTaken;
        }
        if theirs.len() >= MOST_PLATFORMS {
            return AddPlatform::TooMany;
        }
        let is_default = new.is_default || theirs.is_empty();
        if is_default {
            self.clear_default(user);
        }
        let key = next(&mut self.last_platform);
        let info = PlatformInfo {
            id: PlatformId::from(key),
            name: new.name,
            platform_type: new.platform_type,
            instance_url: new.instance_url,
            username: new.username,
            is_default,
        };
        let row = PlatformRow {
            user: user.clone(),
            info: info.clone(),
            is_active: true,
            created_at: change.at,
            last_used: None,
            credentials: new.credentials,
        };
        self.platforms.insert(key, row);
        self.record_of(EventKind::PlatformAdded, user, None, info.id.to_string(), change);
        AddPlatform::Added(info)
    }

    pub(super) fn change_platform(
        &mut self,
        user: &UserId,
        id: &PlatformId,
        what: PlatformChange,
        change: &Change,
    ) -> PlatformOutcome {
        let Some(platform) = self.platform(user, id) else { return PlatformOutcome::NotFound };
        let is_active = what.is_active.unwrap_or(platform.is_active);
        if what.is_default == Some(true) && !is_active {
            return PlatformOutcome::NotFound;
        }
        let others = self.platforms_of(user).into_iter().filter(|other| other.info.id != *id);
        if others.into_iter().any(|other| what.name.as_ref() == Some(&other.info.name)) {
            return PlatformOutcome::NameTaken;
        }
        if what.is_default == Some(true) {
            self.clear_default(user);
        }
        let Some(platform) = self.platform_mut(id) else { return PlatformOutcome::NotFound };
        if let Some(name) = what.name {
            platform.info.name = name;
        }
        if let Some(credentials) = what.credentials {
            platform.credentials = Some(credentials);
        }
        platform.is_active = is_active;
        platform.info.is_default = is_active && what.is_default.unwrap_or(platform.info.is_default);
        let connection = platform.to_connection();
        if !is_active {
            self.leave_platform(user, id, change);
        }
        self.record_of(EventKind::PlatformChanged, user, None, id.to_string(), change);
        PlatformOutcome::Changed(connection)
    }

    pub(super) fn remove_platform(
        &mut self,
        user: &UserId,
        id: &PlatformId,
        change: &Change,
    ) -> bool {
        if self.platform(user, id).is_none() {
            return false;
        }
        self.platforms.retain(|_, platform| platform.info.id != *id);
        self.leave_platform(user, id, change);
        self.record_of(EventKind::PlatformRemoved, user, None, id.to_string(), change);
        true
    }

    /// Notes that a session went into a platform, if it is a bundled one of this user.
    pub(super) fn use_platform(&mut self, user: &UserId, id: &PlatformId, at: Timestamp) {
        let platform = self.platform_mut(id).filter(|platform| platform.user == *user);
        if let Some(platform) = platform {
            platform.last_used = Some(at);
        }
    }

    pub(super) fn forget_platforms(&mut self, user: &UserId) {
        self.platforms.retain(|_, platform| platform.user != *user);
    }

    pub(super) fn sealed_credentials(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Vec<PlatformCredentials> {
        let above =
            self.platforms.iter().filter(|(key, _)| after.is_none_or(|after| **key > after));
        let sealed = above.filter_map(|(key, row)| {
            let sealed = row.credentials.clone()?;
            Some(PlatformCredentials { user: row.user.clone(), platform: *key, sealed })
        });
        sealed.take(limit).collect()
    }

    pub(super) fn reseal_credentials(
        &mut self,
        old: &PlatformCredentials,
        new: &SealedCredentials,
    ) -> bool {
        let row = self.platforms.get_mut(&old.platform);
        let row = row.filter(|row| row.credentials.as_ref() == Some(&old.sealed));
        row.map(|row| row.credentials = Some(new.clone())).is_some()
    }

    fn platform_mut(&mut self, id: &PlatformId) -> Option<&mut PlatformRow> {
        self.platforms.get_mut(&bundled_key(&id.0)?)
    }

    fn clear_default(&mut self, user: &UserId) {
        for platform in self.platforms.values_mut().filter(|platform| platform.user == *user) {
            platform.info.is_default = false;
        }
    }

    /// The user's live sessions in a platform that can no longer be chosen have none.
    fn leave_platform(&mut self, user: &UserId, id: &PlatformId, change: &Change) {
        let is_in_it = |session: &UserSession| {
            session.user_id == *user && session.active_platform_id.as_ref() == Some(id)
        };
        for row in self.live_rows().filter(|row| is_in_it(&row.session)) {
            row.session.active_platform_id = None;
            row.revise(change);
        }
    }
}
