//! Telling whoever waits that something of a session may have changed.
//!
//! A watch says no more than "look again": what has changed is read from the database, so news that
//! come twice, late or together do no harm.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::News;
use crate::identity::UserId;
use crate::token::SessionHandle;

/// How many watches there may be at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchLimits {
    /// Of one session.
    pub per_session: usize,
    /// In all.
    pub total: usize,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self { per_session: 8, total: 10_000 }
    }
}

/// Why nobody may watch now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchRefusal {
    /// There are as many watches as there may be.
    TooMany,
    /// The server is about to stop.
    Closed,
}

/// Everyone who watches a session.
#[derive(Debug, Default)]
pub struct SessionWatchers(Mutex<Watched>);

#[derive(Debug, Default)]
struct Watched {
    users: HashMap<UserId, HashMap<SessionHandle, watch::Sender<()>>>,
    count: usize,
    is_closed: bool,
}

impl SessionWatchers {
    /// Watches a session from now on: look at it once after this call.
    ///
    /// # Errors
    /// [`WatchRefusal`] beyond the limits, and after [`close`](Self::close).
    pub fn watch(
        self: &Arc<Self>,
        user: &UserId,
        session: &SessionHandle,
        limits: WatchLimits,
    ) -> Result<SessionWatch, WatchRefusal> {
        let mut watched = self.lock();
        if watched.is_closed {
            return Err(WatchRefusal::Closed);
        }
        let of_session = watched.users.get(user).and_then(|sessions| sessions.get(session));
        let beside = of_session.map_or(0, watch::Sender::receiver_count);
        if beside >= limits.per_session || watched.count >= limits.total {
            return Err(WatchRefusal::TooMany);
        }
        watched.count += 1;
        let sessions = watched.users.entry(user.clone()).or_default();
        let sender = sessions.entry(*session).or_insert_with(|| watch::Sender::new(()));
        let news = sender.subscribe();
        Ok(SessionWatch { watchers: Arc::clone(self), user: user.clone(), session: *session, news })
    }

    /// Wakes the watches that `news` concern.
    pub(super) fn tell(&self, news: &[News]) {
        let watched = self.lock();
        for News { kind, user_id, session } in news.iter().filter(|news| news.kind.is_news()) {
            let sessions = user_id.as_ref().and_then(|user| watched.users.get(user));
            let Some(sessions) = sessions else { continue };
            match session {
                Some(session) if !kind.concerns_every_session() => wake(sessions.get(session)),
                _ => wake(sessions.values()),
            }
        }
    }

    /// Wakes all watches of a user.
    pub(super) fn tell_user(&self, user: &UserId) {
        wake(self.lock().users.get(user).into_iter().flat_map(HashMap::values));
    }

    /// Wakes every watch.
    pub(super) fn tell_everyone(&self) {
        wake(self.lock().users.values().flat_map(HashMap::values));
    }

    /// How many watches there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().count
    }

    /// Ends every watch, and lets nobody watch any more: the server is about to stop.
    pub fn close(&self) {
        let mut watched = self.lock();
        watched.is_closed = true;
        watched.users.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake<'a>(senders: impl IntoIterator<Item = &'a watch::Sender<()>>) {
    for sender in senders {
        sender.send_replace(());
    }
}

/// One who watches a session. Dropping it ends the watch.
#[derive(Debug)]
pub struct SessionWatch {
    watchers: Arc<SessionWatchers>,
    user: UserId,
    session: SessionHandle,
    news: watch::Receiver<()>,
}

impl SessionWatch {
    /// Waits until something may have changed since the last call; `false` when there will be no
    /// more news. News during a wait that was given up are told by the next.
    pub async fn changed(&mut self) -> bool {
        self.news.changed().await.is_ok()
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        let mut watched = self.watchers.lock();
        watched.count -= 1;
        let Some(sessions) = watched.users.get_mut(&self.user) else { return };
        // This one still counts.
        if sessions.get(&self.session).is_some_and(|sender| sender.receiver_count() <= 1) {
            sessions.remove(&self.session);
        }
        if sessions.is_empty() {
            watched.users.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::event::EventKind;

    const LIMITS: WatchLimits = WatchLimits { per_session: 2, total: 3 };

    fn user(id: i64) -> UserId {
        UserId::from(id)
    }

    fn session(byte: u8) -> SessionHandle {
        SessionHandle::from_bytes([byte; 16])
    }

    fn news(kind: EventKind, of: i64, about: Option<u8>) -> News {
        News { kind, user_id: Some(user(of)), session: about.map(session) }
    }

    /// Whether the watch has heard something since it was last asked.
    fn has_heard(watch: &mut SessionWatch) -> bool {
        watch.changed().now_or_never() == Some(true)
    }

    #[test]
    fn news_reach_those_whom_they_concern_once() {
        let watchers = Arc::new(SessionWatchers::default());
        let limits = WatchLimits::default();
        let mut own = watchers.watch(&user(1), &session(1), limits).unwrap();
        let mut beside = watchers.watch(&user(1), &session(2), limits).unwrap();
        let mut other = watchers.watch(&user(2), &session(3), limits).unwrap();
        let mut heard = || [&mut own, &mut beside, &mut other].map(has_heard);
        assert_eq!(heard(), [false; 3]);
        let ended = news(EventKind::SessionEnded, 1, Some(1));
        watchers.tell(&[ended.clone(), ended]);
        assert_eq!(heard(), [true, false, false]);
        assert_eq!(heard(), [false; 3]);
        watchers.tell(&[news(EventKind::RoleChanged, 1, None)]);
        assert_eq!(heard(), [true, true, false]);
        // Whoever changed a platform did so in one session, and all may be in that platform.
        watchers.tell(&[news(EventKind::PlatformChanged, 1, Some(1))]);
        assert_eq!(heard(), [true, true, false]);
        watchers.tell(&[news(EventKind::SignInFailed, 1, None)]);
        watchers.tell(&[news(EventKind::TokenRotated, 1, Some(1))]);
        assert_eq!(heard(), [false; 3]);
        watchers.tell_user(&user(2));
        assert_eq!(heard(), [false, false, true]);
        watchers.tell_everyone();
        assert_eq!(heard(), [true; 3]);
    }

    #[test]
    fn watches_are_bounded_by_session_and_in_all() {
        let watchers = Arc::new(SessionWatchers::default());
        let watch = |of, about| watchers.watch(&user(of), &session(about), LIMITS);
        let first = watch(1, 1).unwrap();
        let _second = watch(1, 1).unwrap();
        assert_eq!(watch(1, 1).unwrap_err(), WatchRefusal::TooMany);
        let _third = watch(2, 2).unwrap();
        assert_eq!(watch(3, 3).unwrap_err(), WatchRefusal::TooMany);
        drop(first);
        assert_eq!(watchers.count(), 2);
        let _fourth = watch(1, 1).unwrap();
    }

    #[test]
    fn nobody_who_has_gone_is_remembered() {
        let watchers = Arc::new(SessionWatchers::default());
        let watch = watchers.watch(&user(1), &session(1), LIMITS).unwrap();
        drop(watch);
        let watched = watchers.lock();
        assert_eq!((watched.count, watched.users.len()), (0, 0));
    }

    #[test]
    fn closing_ends_every_watch() {
        let watchers = Arc::new(SessionWatchers::default());
        let mut watch = watchers.watch(&user(1), &session(1), LIMITS).unwrap();
        watchers.close();
        assert_eq!(watch.changed().now_or_never(), Some(false));
        let refused = watchers.watch(&user(1), &session(1), LIMITS);
        assert_eq!(refused.unwrap_err(), WatchRefusal::Closed);
    }
}
