use std::collections::BTreeMap;

use sessrum_core::store::{LoadedSession, Store};
use sessrum_core::{Generation, Timestamp, TokenHash};

/// What was read of a store's sessions, as a cache keeps it.
#[derive(Default)]
pub(super) struct Kept(BTreeMap<TokenHash, (LoadedSession, Generation)>);

impl Kept {
    /// Reads the sessions of all tokens. Fails when one that was kept, and by the store's feed still
    /// holds, is another by now.
    pub(super) async fn compare(
        &mut self,
        store: &dyn Store,
        tokens: &[TokenHash],
    ) -> Result<(), String> {
        for token in tokens {
            let generation = store.feed().generation();
            let now = store.load_by_token(token).await.unwrap();
            if let Some((kept, since)) = self.0.remove(token)
                && store.feed().holds(&kept.session.user_id, since)
                && now.clone().map(inactive) != Some(inactive(kept.clone()))
            {
                return Err(format!("nobody was told that {kept:?} became {now:?}"));
            }
            if let Some(now) = now.filter(LoadedSession::may_be_cached) {
                self.0.insert(*token, (now, generation));
            }
        }
        Ok(())
    }
}

/// Without activity, which is told to nobody.
fn inactive(mut loaded: LoadedSession) -> LoadedSession {
    loaded.session.last_activity = Timestamp::from_micros(0);
    loaded
}
