use super::State;
use crate::event::{Change, EventKind};
use crate::identity::SessionId;
use crate::session::{EndReason, Ended, UserSession};
use crate::store::EndedSession;
use crate::time::Timestamp;

impl State {
    pub(super) fn end(
        &mut self,
        id: SessionId,
        reason: EndReason,
        change: &Change,
    ) -> Option<EndedSession> {
        let session = &mut self.live(id)?.session;
        session.ended = Some(Ended { at: change.at, reason });
        session.updated_at = change.at;
        let ended = EndedSession {
            id,
            handle: session.handle,
            user_id: session.user_id.clone(),
            reason,
            revision: session.revision,
        };
        self.record_of(
            EventKind::SessionEnded,
            &ended.user_id,
            Some(ended.handle),
            reason.to_string(),
            change,
        );
        Some(ended)
    }

    /// Ends up to `limit` live sessions that are `chosen`.
    pub(super) fn end_where(
        &mut self,
        chosen: impl Fn(&UserSession) -> bool,
        limit: usize,
        reason: EndReason,
        change: &Change,
    ) -> Vec<EndedSession> {
        let ids: Vec<SessionId> = self
            .live_sessions()
            .filter(|session| chosen(session))
            .map(|session| session.id)
            .take(limit)
            .collect();
        ids.into_iter().filter_map(|id| self.end(id, reason, change)).collect()
    }

    /// Oldest ends go first, each with its tokens and data.
    pub(super) fn delete_ended_before(&mut self, before: Timestamp, limit: usize) -> usize {
        let mut ended: Vec<(Timestamp, SessionId)> = self
            .sessions
            .values()
            .filter_map(|row| Some((row.session.ended?.at, row.session.id)))
            .filter(|(at, _)| *at < before)
            .collect();
        ended.sort_unstable();
        ended.truncate(limit);
        for (_, id) in &ended {
            self.sessions.remove(id);
            self.tokens.retain(|_, token| token.session != *id);
        }
        ended.len()
    }
}
