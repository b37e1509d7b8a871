use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::tokens::TokenRow;
use super::{SessionRow, State, next};
use crate::event::{Change, EventKind, NEW_DEVICE};
use crate::identity::SessionId;
use crate::lifetime::TokenRecord;
use crate::session::{EndReason, UserSession};
use crate::store::{CreateOutcome, EndedSession, NewSession};

impl State {
    pub(super) fn create(&mut self, new: NewSession, change: &Change) -> CreateOutcome {
        if self.refuses(&new) {
            return CreateOutcome::Refused;
        }
        let handle_taken = self.sessions.values().any(|row| row.session.handle == new.handle);
        if handle_taken || self.tokens.contains_key(&new.token) {
            return CreateOutcome::Collision;
        }
        let mut ended: Vec<EndedSession> = new
            .replaces
            .and_then(|replaced| self.end(replaced, EndReason::Logout, change))
            .into_iter()
            .collect();
        ended.extend(self.evict(&new, change));
        let session = self.insert(new, change);
        if let Some(platform) = &session.active_platform_id {
            self.use_platform(&session.user_id, platform, change.at);
        }
        let device = change.client.device();
        let is_new = self.is_new_device(&session.user_id, device.as_deref());
        let detail = if is_new { NEW_DEVICE } else { "" }.to_owned();
        let (kind, handle) = (EventKind::SignedIn, Some(session.handle));
        self.record_of(kind, &session.user_id, handle, detail, change);
        CreateOutcome::Created { session: Box::new(session), ended }
    }

    /// A bundled user must be active and still have the password that was checked.
    fn refuses(&self, new: &NewSession) -> bool {
        let user = self.user(&new.user_id);
        let changed_at = user.map(|user| user.password_changed_at);
        let changed = new.password_changed_at.is_some_and(|checked| Some(checked) != changed_at);
        new.user_is_bundled && (changed || user.is_some_and(|user| !user.is_active))
    }

    /// Makes room for one more session under the cap.
    fn evict(&mut self, new: &NewSession, change: &Change) -> Vec<EndedSession> {
        let mut live: Vec<_> = self
            .live_sessions()
            .filter(|session| session.user_id == new.user_id)
            .map(|session| Reverse((session.last_activity, session.id)))
            .collect();
        live.sort_unstable();
        live.into_iter()
            .skip(new.cap.saturating_sub(1))
            .filter_map(|Reverse((_, id))| self.end(id, EndReason::Evicted, change))
            .collect()
    }

    fn insert(&mut self, new: NewSession, change: &Change) -> UserSession {
        let id = SessionId(next(&mut self.last_session));
        let session = UserSession {
            id,
            handle: new.handle,
            user_id: new.user_id,
            active_platform_id: new.active_platform_id,
            created_at: change.at,
            updated_at: change.at,
            last_activity: change.at,
            authenticated_at: change.at,
            expires_at: new.expires_at,
            remembered: new.remembered,
            ended: None,
            revision: 1,
            fingerprint: new.fingerprint,
            user_agent: new.user_agent,
            ip_address: new.ip_address,
        };
        let record =
            TokenRecord { issued_at: change.at, first_used_at: Some(change.at), retired_at: None };
        self.tokens.insert(new.token, TokenRow { session: id, record });
        let row =
            SessionRow { session: session.clone(), data: BTreeMap::new(), last_data_revision: 0 };
        self.sessions.insert(id, row);
        session
    }
}
