use sessrum_core::store::{RotateOutcome, Rotation};
use sessrum_core::{Change, EventKind, SessionId, Timestamp, TokenHash, UserId, UserSession};

use super::live_owner;
use crate::error::Result;
use crate::events::record_of;
use crate::rows::{self, plain};
use crate::sql::{Params, sessions, tokens as sql, users};
use crate::values::Sql;
use crate::writer::Writing;

/// What came of replacing a token.
pub(crate) enum Replaced {
    /// The session's row as it is now.
    Yes(UserSession),
    /// Nothing changed.
    No(RotateOutcome),
}

/// Whether a page should know of the new token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewRevision {
    Always,
    IfAuthenticated,
}

pub(super) async fn confirm(writing: &Writing, token: TokenHash, at: Timestamp) -> Result<()> {
    let (token, at) = (Sql(token), Sql(at));
    let confirmed = writing.query(sql::CONFIRM, &[&token, &at]).await?;
    let confirmed = confirmed.first(|row| Ok((plain::<i64>(row, 0)?, plain::<i64>(row, 1)?)))?;
    if let Some((session, issued_at)) = confirmed {
        writing.query(sql::RETIRE_OTHERS, &[&session, &token, &issued_at, &at]).await?;
    }
    Ok(())
}

pub(super) async fn rotate(
    writing: &mut Writing,
    session: SessionId,
    rotation: &Rotation,
    change: &Change,
) -> Result<RotateOutcome> {
    let revision = NewRevision::IfAuthenticated;
    let row = match replace_token(writing, session, rotation, revision, change).await? {
        Replaced::Yes(row) => row,
        Replaced::No(why) => return Ok(why),
    };
    let kind = match rotation.authenticated_until {
        Some(_) => EventKind::Reauthenticated,
        None => EventKind::TokenRotated,
    };
    record_of(writing, kind, &row.user_id, Some(row.handle), "", change).await?;
    Ok(RotateOutcome::Rotated(Box::new(row)))
}

/// Whether a bundled user's password was changed after it was checked.
async fn has_another_password(
    writing: &Writing,
    user: &UserId,
    checked: Timestamp,
) -> Result<bool> {
    let Some(key) = rows::bundled(&user.0) else { return Ok(false) };
    let user = writing.query(users::FIND, &[&key]).await?.first(rows::user)?;
    Ok(user.is_some_and(|user| user.password_changed_at != checked))
}

/// Retires the session's tokens but the one that was just made.
pub(crate) async fn retire_others(
    writing: &Writing,
    session: SessionId,
    kept: TokenHash,
    at: Timestamp,
) -> Result<()> {
    // Whenever they were issued.
    let params: Params<'_> = &[&session.0, &Sql(kept), &i64::MAX, &Sql(at)];
    writing.query(sql::RETIRE_OTHERS, params).await.map(drop)
}

/// When a new token counts as issued: now, and after the session's others also when the clock was
/// set back. Which of two tokens is older must not depend on it.
async fn after_all(writing: &Writing, session: SessionId, now: Timestamp) -> Result<Timestamp> {
    let latest: Option<i64> = writing.query(sql::LATEST, &[&session.0]).await?.value()?;
    Ok(latest.map_or(now, |latest| now.at_or_after(Timestamp::from_micros(latest))))
}

/// A rotation without its event.
pub(crate) async fn replace_token(
    writing: &mut Writing,
    session: SessionId,
    rotation: &Rotation,
    revision: NewRevision,
    change: &Change,
) -> Result<Replaced> {
    let Some(owner) = live_owner(writing, session).await? else {
        return Ok(Replaced::No(RotateOutcome::Gone));
    };
    if let Some(checked) = rotation.password_changed_at
        && has_another_password(writing, &owner, checked).await?
    {
        return Ok(Replaced::No(RotateOutcome::Refused));
    }
    let (id, token) = (session.0, Sql(rotation.token));
    let (patience, now) = (Sql(rotation.patience_since), Sql(change.at));
    if !rotation.forced
        && writing.query(sql::HAS_YOUNG_SUCCESSOR, &[&id, &patience]).await?.value()?
    {
        return Ok(Replaced::No(RotateOutcome::Pending));
    }
    if let Some(replaced) = rotation.replaces
        && !writing.query(sql::IS_IN_USE, &[&Sql(replaced), &id]).await?.value::<bool>()?
    {
        return Ok(Replaced::No(RotateOutcome::Pending));
    }
    if writing.query(sql::IS_TAKEN, &[&token]).await?.value()? {
        return Ok(Replaced::No(RotateOutcome::Collision));
    }
    let issued_at = Sql(after_all(writing, session, change.at).await?);
    writing.query(sql::RETIRE_LOST_SUCCESSORS, &[&id, &patience, &now]).await?;
    let unseen = None::<i64>;
    writing.query(sql::INSERT, &[&token, &id, &issued_at, &unseen]).await?;
    let until = rotation.authenticated_until.map(Sql);
    let is_new = revision == NewRevision::Always || until.is_some();
    let renewed = writing.query(sessions::RENEW, &[&id, &now, &is_new, &until, &issued_at]).await?;
    Ok(Replaced::Yes(renewed.one(rows::session)?))
}
