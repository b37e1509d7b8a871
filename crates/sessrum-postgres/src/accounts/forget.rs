use sessrum_core::store::EndedSession;
use sessrum_core::{Change, EndReason, EventKind, UserId};

use crate::error::Result;
use crate::events::{forget_clients, record_of};
use crate::rows::{self, bundled};
use crate::sessions::end_of_user;
use crate::sql::{AT_ONCE, Params, compaction, sessions, users};
use crate::values::Sql;
use crate::writer::Writing;

/// Forgets a user of whom so many clients are forgotten already.
pub(super) async fn forget_user(
    writing: &mut Writing,
    user: &UserId,
    forgotten: usize,
    change: &Change,
) -> Result<Option<Vec<EndedSession>>> {
    let ended = end_of_user(writing, user, None, EndReason::UserDisabled, change).await?;
    let mut removed = forgotten;
    loop {
        let of: Params<'_> = &[&Sql(user.clone()), &rows::limit(AT_ONCE)];
        let deleted = writing.query(sessions::DELETE_OF_USER, of).await?.affected();
        let some = forget_clients(writing, user).await? + deleted;
        if some == 0 {
            break;
        }
        removed += some;
    }
    if let Some(key) = bundled(&user.0) {
        removed += writing.query(users::DELETE, &[&key]).await?.affected();
    }
    if removed == 0 {
        return Ok(None);
    }
    writing.query(compaction::ASK_FOR, &[]).await?;
    let change = change.without_client();
    record_of(writing, EventKind::UserForgotten, user, None, "", &change).await?;
    Ok(Some(ended))
}
