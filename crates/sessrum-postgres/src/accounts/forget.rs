use sessrum_core::store::EndedSession;
use sessrum_core::{Change, EndReason, EventKind, UserId};

use crate::error::Result;
use crate::events::{forget_clients, record_of};
use crate::rows::bundled;
use crate::sessions::end_of_user;
use crate::sql::{compaction, sessions, users};
use crate::values::Sql;
use crate::writer::Writing;

pub(super) async fn forget_user(
    writing: &mut Writing,
    user: &UserId,
    change: &Change,
) -> Result<Option<Vec<EndedSession>>> {
    let ended = end_of_user(writing, user, None, EndReason::UserDisabled, change).await?;
    let mut removed = forget_clients(writing, user).await?;
    removed += writing.query(sessions::DELETE_OF_USER, &[&Sql(user.clone())]).await?.affected();
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
