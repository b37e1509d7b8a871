use super::State;
use crate::event::{Change, EventKind};
use crate::identity::SessionId;
use crate::lifetime::TokenRecord;
use crate::store::{RotateOutcome, Rotation};
use crate::time::Timestamp;
use crate::token::TokenHash;

/// A row of `session_tokens`.
pub(super) struct TokenRow {
    pub(super) session: SessionId,
    pub(super) record: TokenRecord,
}

impl TokenRow {
    /// Issued, never sent by the browser, and not overtaken by another.
    fn is_unseen_successor_of(&self, session: SessionId) -> bool {
        let record = &self.record;
        self.session == session && record.first_used_at.is_none() && record.retired_at.is_none()
    }
}

impl State {
    pub(super) fn confirm_token(&mut self, hash: &TokenHash, at: Timestamp) {
        let Some(token) = self.tokens.get(hash) else { return };
        let (session, issued_at) = (token.session, token.record.issued_at);
        if !token.is_unseen_successor_of(session) || self.live(session).is_none() {
            return;
        }
        for (other, token) in &mut self.tokens {
            if other == hash {
                token.record.first_used_at = Some(at);
            } else if token.session == session && token.record.issued_at <= issued_at {
                token.record.retired_at.get_or_insert(at);
            }
        }
    }

    /// Retires the session's tokens but this one.
    pub(super) fn retire_others(&mut self, session: SessionId, kept: &TokenHash, at: Timestamp) {
        for (other, token) in &mut self.tokens {
            if token.session == session && other != kept {
                token.record.retired_at.get_or_insert(at);
            }
        }
    }

    pub(super) fn rotate(
        &mut self,
        id: SessionId,
        rotation: Rotation,
        change: &Change,
    ) -> RotateOutcome {
        if let Err(why_not) = self.replace_token(id, rotation, change) {
            return why_not;
        }
        let Some(row) = self.live(id) else { return RotateOutcome::Gone };
        let kind = if rotation.authenticated_until.is_some() {
            row.revise(change);
            EventKind::Reauthenticated
        } else {
            EventKind::TokenRotated
        };
        let session = row.session.clone();
        self.record_of(kind, &session.user_id, Some(session.handle), String::new(), change);
        RotateOutcome::Rotated(Box::new(session))
    }

    /// A rotation without its event and revision.
    pub(super) fn replace_token(
        &mut self,
        id: SessionId,
        rotation: Rotation,
        change: &Change,
    ) -> Result<(), RotateOutcome> {
        let Some(row) = self.live(id) else { return Err(RotateOutcome::Gone) };
        let (user, authenticated_at) = (row.session.user_id.clone(), row.session.authenticated_at);
        let has_another_password = |checked: Timestamp| {
            self.user(&user).is_some_and(|user| user.password_changed_at != checked)
        };
        if rotation.password_changed_at.is_some_and(has_another_password) {
            return Err(RotateOutcome::Refused);
        }
        let is_lost = |token: &TokenRow| {
            token.is_unseen_successor_of(id) && token.record.issued_at <= rotation.patience_since
        };
        let is_on_its_way = |token: &TokenRow| token.is_unseen_successor_of(id) && !is_lost(token);
        if !rotation.forced && self.tokens.values().any(is_on_its_way) {
            return Err(RotateOutcome::Pending);
        }
        let is_in_use = |replaced: TokenHash| {
            let token = self.tokens.get(&replaced);
            token.is_some_and(|token| {
                token.session == id
                    && token.record.retired_at.is_none()
                    && token.record.issued_at >= authenticated_at
            })
        };
        if !rotation.replaces.is_none_or(is_in_use) {
            return Err(RotateOutcome::Pending);
        }
        if self.tokens.contains_key(&rotation.token) {
            return Err(RotateOutcome::Collision);
        }
        for token in self.tokens.values_mut().filter(|token| is_lost(token)) {
            token.record.retired_at = Some(change.at);
        }
        let theirs = self.tokens.values().filter(|token| token.session == id);
        let latest = theirs.map(|token| token.record.issued_at).max();
        // Which of two tokens is older must not depend on a clock that was set back.
        let issued_at = latest.map_or(change.at, |latest| change.at.at_or_after(latest));
        let record = TokenRecord { issued_at, first_used_at: None, retired_at: None };
        self.tokens.insert(rotation.token, TokenRow { session: id, record });
        if let Some(row) = self.live(id) {
            row.session.updated_at = change.at;
            if let Some(until) = rotation.authenticated_until {
                row.session.authenticated_at = issued_at;
                row.session.last_activity = change.at;
                row.session.expires_at = until;
            }
        }
        Ok(())
    }
}
