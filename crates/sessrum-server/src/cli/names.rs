use std::collections::{BTreeMap, BTreeSet};

use sessrum_core::UserId;
use sessrum_core::store::StoreError;

use crate::instance::Instance;

/// What users are called.
pub(super) struct Names(BTreeMap<UserId, String>);

impl Names {
    /// Looks up the names of users, each once.
    pub(super) async fn of(
        users: impl Iterator<Item = UserId>,
        instance: &Instance,
    ) -> Result<Self, StoreError> {
        let users: Vec<_> = users.collect::<BTreeSet<_>>().into_iter().collect();
        instance.manager.store().usernames(&users).await.map(Self)
    }

    /// A user's name; `None` for those who are not there any more.
    pub(super) fn get(&self, user: &UserId) -> Option<String> {
        self.0.get(user).cloned()
    }
}
