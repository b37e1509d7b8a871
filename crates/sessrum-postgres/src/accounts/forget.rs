use sessrum_core::store::{EndedSession, StoreError};
use sessrum_core::{Change, EndReason, EventKind, UserId};

use crate::error::Result;
use crate::events::{Forgotten, forget_clients, record_of};
use crate::rows::{bundled, plain};
use crate::sessions::end_of_user;
use crate::sql::{AT_ONCE, compaction, sessions, users};
use crate::values::Sql;
use crate::writer::{Writer, Writing};

/// Forgets clients of a user's events until few are left, so that forgetting the user takes others no
/// time. Whoever fails half way asks again.
pub(super) async fn forget_most_clients(
    writer: &Writer,
    user: &UserId,
) -> Result<Forgotten, StoreError> {
    let mut already = Forgotten::NONE;
    loop {
        // A transaction each: others write in between.
        let some = writer.run((user.clone(), already), |(user, already), writing| {
            Box::pin(forget_some(writing, user, *already))
        });
        let now = some.await?;
        if now.events - already.events < AT_ONCE {
            return Ok(now);
        }
        already = now;
    }
}

async fn forget_some(
    writing: &mut Writing,
    user: &UserId,
    already: Forgotten,
) -> Result<Forgotten> {
    let now = forget_clients(writing, user, already).await?;
    if now.events > already.events {
        writing.query(compaction::ASK_FOR, &[]).await?;
    }
    Ok(now)
}

/// Forgets a user, of whom some clients are forgotten already.
pub(super) async fn forget_user(
    writing: &mut Writing,
    user: &UserId,
    already: Forgotten,
    change: &Change,
) -> Result<Option<Vec<EndedSession>>> {
    let ended = end_of_user(writing, user, None, EndReason::UserDisabled, change).await?;
    let mut now = already;
    loop {
        let before = now.events;
        now = forget_clients(writing, user, now).await?;
        if now.events - before < AT_ONCE {
            break;
        }
    }
    let mut removed = now.events;
    let keys = writing.query(sessions::KEYS_OF_USER, &[&Sql(user.clone())]).await?;
    for some in keys.all::<_, Vec<i64>>(|row| plain(row, 0))?.chunks(AT_ONCE) {
        removed += writing.query(sessions::DELETE_EACH, &[&some]).await?.affected();
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
