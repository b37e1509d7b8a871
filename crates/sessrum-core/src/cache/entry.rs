//! A row as it is kept: the same, in less memory.

use std::mem::size_of;
use std::sync::atomic::{AtomicI64, Ordering};

use super::Reading;
use crate::context::{PlatformInfo, UserInfo};
use crate::directory::UserFacts;
use crate::identity::Key;
use crate::lifetime::TokenRecord;
use crate::session::{Role, UserSession};
use crate::store::LoadedSession;
use crate::time::Timestamp;

/// What an entry takes beside itself and its texts: its key and its place in the cache, that of one
/// that was evicted, and what the allocator adds to three pieces of memory.
pub(super) const PLACE_BYTES: usize = 176;

/// A [`LoadedSession`] that [may be cached](LoadedSession::may_be_cached).
pub(super) struct Entry {
    session: UserSession,
    /// Activity is honoured before it is written.
    last_activity: AtomicI64,
    token: TokenRecord,
    user: Option<User>,
    platform: Option<Platform>,
    texts: Texts<6>,
    pub(super) reading: Reading,
}

/// [`UserFacts`] without the key, which is the session's, and without texts.
struct User {
    role: Role,
    is_active: bool,
    role_changed_at: Option<Timestamp>,
}

/// [`PlatformInfo`] likewise.
struct Platform {
    is_default: bool,
}

impl Entry {
    pub(super) fn of(loaded: &LoadedSession, reading: Reading) -> Self {
        let LoadedSession { session, token, user, platform, has_other_token: _ } = loaded;
        let of_user =
            user.as_ref().map_or([""; 2], |UserFacts { info, .. }| [&info.username, &info.email]);
        let of_platform = platform.as_ref().map_or([""; 4], |info| {
            [&info.name, &info.platform_type, &info.instance_url, &info.username]
        });
        let user = user.as_ref().map(|facts| User {
            role: facts.info.role,
            is_active: facts.is_active,
            role_changed_at: facts.role_changed_at,
        });
        let platform = platform.as_ref().map(|info| Platform { is_default: info.is_default });
        let ([username, email], [name, kind, url, account]) = (of_user, of_platform);
        Self {
            last_activity: AtomicI64::new(session.last_activity.as_micros()),
            session: session.clone(),
            token: *token,
            user,
            platform,
            texts: Texts::of([username, email, name, kind, url, account]),
            reading,
        }
    }

    pub(super) const fn session(&self) -> &UserSession {
        &self.session
    }

    pub(super) fn touch(&self, at: Timestamp) {
        self.last_activity.fetch_max(at.as_micros(), Ordering::Relaxed);
    }

    pub(super) fn load(&self) -> LoadedSession {
        let [username, email, name, platform_type, instance_url, account] = self.texts.each();
        let last_activity = Timestamp::from_micros(self.last_activity.load(Ordering::Relaxed));
        let session = UserSession { last_activity, ..self.session.clone() };
        let user = self.user.as_ref().map(|user| UserFacts {
            info: UserInfo {
                id: session.user_id.clone(),
                username: username.to_owned(),
                email: email.to_owned(),
                role: user.role,
            },
            is_active: user.is_active,
            role_changed_at: user.role_changed_at,
        });
        let active = self.platform.as_ref().zip(session.active_platform_id.clone());
        let platform = active.map(|(platform, id)| PlatformInfo {
            id,
            name: name.to_owned(),
            platform_type: platform_type.to_owned(),
            instance_url: instance_url.to_owned(),
            username: account.to_owned(),
            is_default: platform.is_default,
        });
        LoadedSession { session, token: self.token, has_other_token: false, user, platform }
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let UserSession { user_id, active_platform_id, user_agent, .. } = &self.session;
        let keys = [Some(&user_id.0), active_platform_id.as_ref().map(|id| &id.0)];
        let keys = keys.into_iter().flatten().map(|key| match key {
            Key::Integer(_) => 0,
            Key::Text(text) => text.len(),
        });
        let agent = user_agent.as_ref().map_or(0, |agent| agent.len());
        PLACE_BYTES + size_of::<Self>() + keys.sum::<usize>() + agent + self.texts.all.len()
    }
}

/// Texts in one piece of memory.
struct Texts<const COUNT: usize> {
    all: Box<str>,
    lengths: [usize; COUNT],
}

impl<const COUNT: usize> Texts<COUNT> {
    fn of(texts: [&str; COUNT]) -> Self {
        Self { all: texts.concat().into_boxed_str(), lengths: texts.map(str::len) }
    }

    fn each(&self) -> [&str; COUNT] {
        let mut rest = &*self.all;
        self.lengths.map(|length| {
            let (text, after) = rest.split_at_checked(length).unwrap_or_default();
            rest = after;
            text
        })
    }
}
