use rusqlite::Result;
use sessrum_core::store::EndedSession;
use sessrum_core::{Change, EndReason, EventKind, UserId};

use crate::events::{forget_clients, record_of};
use crate::rows::{Sql, bundled};
use crate::sessions::end_of_user;
use crate::sql::{compaction, sessions, users};
use crate::writer::Writing;

pub(super) fn forget_user(
    connection: &Writing<'_>,
    user: &UserId,
    change: &Change,
) -> Result<Option<Vec<EndedSession>>> {
    let ended = end_of_user(connection, user, None, EndReason::UserDisabled, change)?;
    let mut removed = forget_clients(connection, user)?;
    removed += sessions::DELETE_OF_USER.execute(connection, [Sql(user.clone())])?;
    if let Some(key) = bundled(&user.0) {
        removed += users::DELETE.execute(connection, [key])?;
    }
    if removed == 0 {
        return Ok(None);
    }
    compaction::ASK_FOR.execute(connection, [])?;
    let change = change.without_client();
    record_of(connection, EventKind::UserForgotten, user, None, "", &change)?;
    Ok(Some(ended))
}
