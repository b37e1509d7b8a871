use super::UnifiedSessionManager;
use crate::cache::Reading;
use crate::client::Client;
use crate::error::{SessionError, SessionNotFoundError};
use crate::store::{LoadedSession, StoreErrorKind};
use crate::time::Timestamp;
use crate::token::TokenHash;

/// Where a row may come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// What was read before will do.
    CacheOrDatabase,
    /// The row as it is now.
    Database,
}

impl UnifiedSessionManager {
    /// The row, if it lives, and when it ends if nothing more happens.
    pub(super) async fn load_live(
        &self,
        token: &TokenHash,
        client: &Client,
        source: Source,
    ) -> Result<(LoadedSession, Timestamp), SessionError> {
        if source == Source::CacheOrDatabase
            && let Some(found) = self.cached_live(token)
        {
            return Ok(found);
        }
        let mut loaded = self.read(token, client).await?;
        let now = self.now();
        if loaded.session.ended.is_none() && self.judge(&loaded.session, now).is_err() {
            // A flush may have moved activity into the row after the row was read.
            loaded = self.read(token, client).await?;
        }
        let idle_expires_at = self.judge(&loaded.session, now)?;
        Ok((loaded, idle_expires_at))
    }

    /// The cached row, unless it refuses the request or warns of its end: the database has the last
    /// word on that, since activity elsewhere is not told.
    fn cached_live(&self, token: &TokenHash) -> Option<(LoadedSession, Timestamp)> {
        let loaded = self.cache.get(token, self.store().feed(), self.clock.uptime())?;
        let now = self.now();
        let idle_expires_at = self.judge(&loaded.session, now).ok()?;
        let is_refused =
            !self.has_own_directory() && !loaded.user.as_ref().is_some_and(|user| user.is_active);
        let is_near_its_end = self.warning_of(&loaded.session, idle_expires_at) <= now;
        (!is_refused && !is_near_its_end).then_some((loaded, idle_expires_at))
    }

    /// The row as the database has it.
    async fn read(
        &self,
        token: &TokenHash,
        client: &Client,
    ) -> Result<LoadedSession, SessionError> {
        let reading = Reading::begin(self.store().feed(), self.clock.uptime());
        let loaded = self.store().load_by_token(token).await;
        if loaded.as_ref().is_err_and(|error| error.kind() == StoreErrorKind::Corrupt) {
            self.record_damage(client).await?;
        }
        let loaded = loaded?.ok_or(SessionNotFoundError)?;
        self.cache.put(*token, &loaded, reading);
        Ok(loaded)
    }
}
