use sessrum_core::store::{EndedSession, StoreError};
use sessrum_core::{Change, EndReason, EventKind, UserId};

use crate::error::Result;
use crate::events::{Forgotten, forget_clients, record_of};
use crate::rows::{bundled, plain};
use crate::sessions::end_of_user;
use crate::sql::{AT_ONCE, compaction, sessions, users};
use crate::values::Sql;
use crate::writer::{Writer, Writing};

/// Forgets most of what there is of a user, a thousand rows in a transaction: others write in between.
/// Sessions that have ended go, and clients of events. Whoever fails half way, or is given up, is asked
/// again.
pub(super) async fn forget_most(writer: &Writer, user: &UserId) -> Result<Forgotten, StoreError> {
    let ended = writer.run(user.clone(), |user, writing| Box::pin(ended_keys(writing, user)));
    let mut already = Forgotten::NONE;
    for some in ended.await?.chunks(AT_ONCE) {
        let some = some.to_vec();
        already.rows += writer.run(some, |some, writing| Box::pin(delete(writing, some))).await?;
    }
    loop {
        let some = writer.run((user.clone(), already), |(user, already), writing| {
            Box::pin(forget_some(writing, user, *already))
        });
        let now = some.await?;
        if now.rows - already.rows < AT_ONCE {
            return Ok(now);
        }
        already = now;
    }
}

async fn ended_keys(writing: &Writing, user: &UserId) -> Result<Vec<i64>> {
    let ended = writing.query(sessions::ENDED_KEYS_OF_USER, &[&Sql(user.clone())]).await?;
    ended.all(|row| plain(row, 0))
}

async fn delete(writing: &Writing, keys: &Vec<i64>) -> Result<usize> {
    let deleted = writing.query(sessions::DELETE_EACH, &[keys]).await?.affected();
    writing.query(compaction::ASK_FOR, &[]).await?;
    Ok(deleted)
}

async fn forget_some(
    writing: &mut Writing,
    user: &UserId,
    already: Forgotten,
) -> Result<Forgotten> {
    let now = forget_clients(writing, user, already).await?;
    if now.rows > already.rows {
        writing.query(compaction::ASK_FOR, &[]).await?;
    }
    Ok(now)
}

/// Forgets a user, of whom most is forgotten already.
pub(super) async fn forget_user(
    writing: &mut Writing,
    user: &UserId,
    already: Forgotten,
    change: &Change,
) -> Result<Option<Vec<EndedSession>>> {
    let ended = end_of_user(writing, user, None, EndReason::UserDisabled, change).await?;
    let mut now = already;
    loop {
        let before = now.rows;
        now = forget_clients(writing, user, now).await?;
        if now.rows - before < AT_ONCE {
            break;
        }
    }
    let mut removed = now.rows;
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
