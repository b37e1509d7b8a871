use std::net::IpAddr;

use super::*;
use crate::context::{PlatformInfo, UserInfo};
use crate::directory::UserFacts;
use crate::fingerprint::SessionFingerprint;
use crate::identity::{PlatformId, SessionId, UserId};
use crate::lifetime::TokenRecord;
use crate::session::{EndReason, Ended, Role, UserSession};
use crate::token::SessionHandle;

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                     Gecko) Chrome/141.0.0.0 Safari/537.36";

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// Each value is another, so that none can take the place of another.
fn loaded() -> LoadedSession {
    LoadedSession {
        session: UserSession {
            id: SessionId(1),
            handle: SessionHandle::from_bytes([2; 16]),
            user_id: UserId::from("u-ada"),
            active_platform_id: Some(PlatformId::from("w-art")),
            created_at: at(1),
            updated_at: at(2),
            last_activity: at(3),
            authenticated_at: at(4),
            expires_at: at(5),
            remembered: true,
            ended: None,
            revision: 6,
            fingerprint: SessionFingerprint::from_bytes(&[7; 40]),
            user_agent: Some(AGENT.into()),
            ip_address: Some(IpAddr::from([192, 0, 2, 7])),
        },
        token: TokenRecord { issued_at: at(8), first_used_at: Some(at(9)), retired_at: None },
        has_other_token: false,
        user: Some(UserFacts {
            info: UserInfo {
                id: UserId::from("u-ada"),
                username: "ada".to_owned(),
                email: "ada@example.org".to_owned(),
                role: Role::Moderator,
            },
            is_active: true,
            role_changed_at: Some(at(10)),
        }),
        platform: Some(PlatformInfo {
            id: PlatformId::from("w-art"),
            name: "Art".to_owned(),
            platform_type: "pixelfed".to_owned(),
            instance_url: "https://pixelfed.example".to_owned(),
            username: "ada@pixelfed".to_owned(),
            is_default: true,
        }),
    }
}

fn token(number: u16) -> TokenHash {
    let [high, low] = number.to_be_bytes();
    let mut bytes = [0; 32];
    (bytes[0], bytes[1]) = (high, low);
    TokenHash::from_bytes(bytes)
}

/// What a cache gives back of what it was given.
fn cached(loaded: &LoadedSession) -> Option<LoadedSession> {
    let (cache, feed) = (SessionCache::of(DEFAULT_CACHE_BYTES), ChangeFeed::unshared());
    cache.put(token(1), loaded, Reading::begin(&feed, Duration::ZERO));
    cache.get(&token(1), &feed, Duration::ZERO)
}

#[test]
fn what_is_kept_is_what_was_read() {
    let whole = loaded();
    assert_eq!(cached(&whole), Some(whole.clone()));
    let mut least = loaded();
    (least.user, least.platform, least.session.user_agent) = (None, None, None);
    assert_eq!(cached(&least), Some(least.clone()));
}

#[test]
fn any_number_of_bytes_may_be_given() {
    let feed = ChangeFeed::unshared();
    let kept = [0, 1, 600, 100_000, usize::MAX].map(|bytes| {
        let cache = SessionCache::of(bytes);
        cache.put(token(1), &loaded(), Reading::begin(&feed, Duration::ZERO));
        cache.get(&token(1), &feed, Duration::ZERO).is_some()
    });
    assert_eq!(kept, [false, false, false, true, true]);
}

#[test]
fn what_may_change_unheard_or_is_over_is_not_kept() {
    let without = |change: fn(&mut LoadedSession)| {
        let mut loaded = loaded();
        change(&mut loaded);
        cached(&loaded)
    };
    assert_eq!(without(|it| it.token.first_used_at = None), None);
    assert_eq!(without(|it| it.token.retired_at = Some(at(9))), None);
    assert_eq!(without(|it| it.has_other_token = true), None);
    let end = |it: &mut LoadedSession| {
        it.session.ended = Some(Ended { at: at(9), reason: EndReason::Logout });
    };
    assert_eq!(without(end), None);
    assert!(without(|_| {}).is_some());
}

/// As far as can be told from here: the GNU C library takes memory in steps of 16 bytes.
#[test]
fn the_cache_takes_the_memory_that_it_may_take() {
    const BYTES: usize = 1 << 20;
    let (cache, feed) = (SessionCache::of(BYTES), ChangeFeed::unshared());
    let reading = Reading::begin(&feed, Duration::ZERO);
    for number in 0..10_000 {
        cache.put(token(number), &loaded(), reading);
    }
    let entries = cache.0.as_ref().unwrap();
    let entry = Entry::of(&loaded(), reading);
    assert!(entry.bytes() < 700, "{}", entry.bytes());
    let piece = |bytes: usize| (bytes + 8).next_multiple_of(16);
    let texts = entry.bytes() - entry::PLACE_BYTES - size_of::<Entry>();
    let counters_of_arc = 16;
    let pieces = piece(size_of::<Entry>() + counters_of_arc) + piece(texts);
    let taken = entries.len() * pieces + entries.memory_used().total();
    assert!((BYTES / 20 * 18..BYTES / 20 * 21).contains(&taken), "{taken}");
}
