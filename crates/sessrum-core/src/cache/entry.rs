//! A row as it is kept: the same, in less memory.

use std::mem::size_of;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use super::Reading;
use crate::context::{PlatformInfo, UserInfo};
use crate::directory::UserFacts;
use crate::fingerprint::SessionFingerprint;
use crate::identity::{Key, PlatformId, SessionId, UserId};
use crate::lifetime::TokenRecord;
use crate::session::{Role, UserSession};
use crate::store::LoadedSession;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// What an entry takes beside itself and its texts: its key and its place in the cache, that of one
/// that was evicted, and what the allocator adds to two pieces of memory.
pub(super) const PLACE_BYTES: usize = 160;

/// A [`LoadedSession`] that [may be cached](LoadedSession::may_be_cached): it has not ended, and its
/// token was used and has no successor.
pub(super) struct Entry {
    id: SessionId,
    handle: SessionHandle,
    pub(super) user_id: UserId,
    active_platform_id: Option<PlatformId>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Activity is honoured before it is written.
    last_activity: AtomicI64,
    authenticated_at: Timestamp,
    expires_at: Timestamp,
    revision: i64,
    fingerprint: Option<SessionFingerprint>,
    ip_address: Option<IpAddr>,
    remembered: bool,
    has_user_agent: bool,
    token_issued_at: Timestamp,
    token_used_at: Timestamp,
    user: Option<User>,
    platform: Option<Platform>,
    texts: Texts<7>,
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
        let agent = session.user_agent.as_deref();
        let user = user.as_ref().map(|facts| User {
            role: facts.info.role,
            is_active: facts.is_active,
            role_changed_at: facts.role_changed_at,
        });
        let platform = platform.as_ref().map(|info| Platform { is_default: info.is_default });
        let ([username, email], [name, kind, url, account]) = (of_user, of_platform);
        Self {
            id: session.id,
            handle: session.handle,
            user_id: session.user_id.clone(),
            active_platform_id: session.active_platform_id.clone(),
            created_at: session.created_at,
            updated_at: session.updated_at,
            last_activity: AtomicI64::new(session.last_activity.as_micros()),
            authenticated_at: session.authenticated_at,
            expires_at: session.expires_at,
            revision: session.revision,
            fingerprint: session.fingerprint,
            ip_address: session.ip_address,
            remembered: session.remembered,
            has_user_agent: agent.is_some(),
            token_issued_at: token.issued_at,
            token_used_at: token.first_used_at.unwrap_or(token.issued_at),
            user,
            platform,
            texts: Texts::of([
                username,
                email,
                name,
                kind,
                url,
                account,
                agent.unwrap_or_default(),
            ]),
            reading,
        }
    }

    pub(super) fn touch(&self, at: Timestamp) {
        self.last_activity.fetch_max(at.as_micros(), Ordering::Relaxed);
    }

    pub(super) fn load(&self) -> LoadedSession {
        let [username, email, name, platform_type, instance_url, account, agent] =
            self.texts.each();
        let session = UserSession {
            id: self.id,
            handle: self.handle,
            user_id: self.user_id.clone(),
            active_platform_id: self.active_platform_id.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            last_activity: Timestamp::from_micros(self.last_activity.load(Ordering::Relaxed)),
            authenticated_at: self.authenticated_at,
            expires_at: self.expires_at,
            remembered: self.remembered,
            ended: None,
            revision: self.revision,
            fingerprint: self.fingerprint,
            user_agent: self.has_user_agent.then(|| agent.into()),
            ip_address: self.ip_address,
        };
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
        let token = TokenRecord {
            issued_at: self.token_issued_at,
            first_used_at: Some(self.token_used_at),
            retired_at: None,
        };
        LoadedSession { session, token, has_other_token: false, user, platform }
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let keys = [Some(&self.user_id.0), self.active_platform_id.as_ref().map(|id| &id.0)];
        let keys = keys.into_iter().flatten().map(|key| match key {
            Key::Integer(_) => 0,
            Key::Text(text) => text.len(),
        });
        PLACE_BYTES + size_of::<Self>() + keys.sum::<usize>() + self.texts.all.len()
    }
}

/// Texts in one piece of memory.
struct Texts<const COUNT: usize> {
    all: Box<str>,
    /// In bytes; no text is longer than 4 GiB.
    lengths: [u32; COUNT],
}

impl<const COUNT: usize> Texts<COUNT> {
    fn of(texts: [&str; COUNT]) -> Self {
        let lengths = texts.map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX));
        Self { all: texts.concat().into_boxed_str(), lengths }
    }

    fn each(&self) -> [&str; COUNT] {
        let mut rest = &*self.all;
        self.lengths.map(|length| {
            let (text, after) = rest.split_at_checked(length as usize).unwrap_or_default();
            rest = after;
            text
        })
    }
}
