use rusqlite::{Connection, Result, params};
use sessrum_core::store::{RotateOutcome, Rotation};
use sessrum_core::{Change, EventKind, SessionId, Timestamp, TokenHash, UserId, UserSession};

use super::live_owner;
use crate::events::record_of;
use crate::rows::{self, Sql};
use crate::sql::{sessions, tokens as sql, users};
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

pub(super) fn confirm(connection: &Connection, token: TokenHash, at: Timestamp) -> Result<()> {
    let confirmed = sql::CONFIRM.first(connection, params![Sql(token), Sql(at)], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    if let Some((session, issued_at)) = confirmed {
        let params = params![session, Sql(token), issued_at, Sql(at)];
        sql::RETIRE_OTHERS.execute(connection, params)?;
    }
    Ok(())
}

pub(super) fn rotate(
    connection: &Writing<'_>,
    session: SessionId,
    rotation: &Rotation,
    change: &Change,
) -> Result<RotateOutcome> {
    let revision = NewRevision::IfAuthenticated;
    let row = match replace_token(connection, session, rotation, revision, change)? {
        Replaced::Yes(row) => row,
        Replaced::No(why) => return Ok(why),
    };
    let kind = match rotation.authenticated_until {
        Some(_) => EventKind::Reauthenticated,
        None => EventKind::TokenRotated,
    };
    record_of(connection, kind, &row.user_id, Some(row.handle), "", change)?;
    Ok(RotateOutcome::Rotated(Box::new(row)))
}

/// Whether a bundled user's password was changed after it was checked.
fn has_another_password(
    connection: &Connection,
    user: &UserId,
    checked: Timestamp,
) -> Result<bool> {
    let Some(key) = rows::bundled(&user.0) else { return Ok(false) };
    let user = users::FIND.first(connection, [key], rows::user)?;
    Ok(user.is_some_and(|user| user.password_changed_at != checked))
}

/// Retires the session's tokens but the one that was just made.
pub(crate) fn retire_others(
    connection: &Connection,
    session: SessionId,
    kept: TokenHash,
    at: Timestamp,
) -> Result<()> {
    // Whenever they were issued.
    let params = params![Sql(session), Sql(kept), i64::MAX, Sql(at)];
    sql::RETIRE_OTHERS.execute(connection, params).map(drop)
}

/// When a new token counts as issued: now, and after the session's others also when the clock was
/// set back. Which of two tokens is older must not depend on it.
fn after_all(connection: &Connection, session: SessionId, now: Timestamp) -> Result<Timestamp> {
    let latest: Option<i64> = sql::LATEST.value(connection, [session.0])?;
    Ok(latest.map_or(now, |latest| now.at_or_after(Timestamp::from_micros(latest))))
}

/// A rotation without its event.
pub(crate) fn replace_token(
    connection: &Writing<'_>,
    session: SessionId,
    rotation: &Rotation,
    revision: NewRevision,
    change: &Change,
) -> Result<Replaced> {
    let Some(owner) = live_owner(connection, session)? else {
        return Ok(Replaced::No(RotateOutcome::Gone));
    };
    if let Some(checked) = rotation.password_changed_at
        && has_another_password(connection, &owner, checked)?
    {
        return Ok(Replaced::No(RotateOutcome::Refused));
    }
    let successors = params![Sql(session), Sql(rotation.patience_since)];
    if !rotation.forced && sql::HAS_YOUNG_SUCCESSOR.value(connection, successors)? {
        return Ok(Replaced::No(RotateOutcome::Pending));
    }
    if let Some(replaced) = rotation.replaces
        && !sql::IS_IN_USE.value(connection, params![Sql(replaced), Sql(session)])?
    {
        return Ok(Replaced::No(RotateOutcome::Pending));
    }
    if sql::IS_TAKEN.value(connection, [Sql(rotation.token)])? {
        return Ok(Replaced::No(RotateOutcome::Collision));
    }
    let issued_at = after_all(connection, session, change.at)?;
    let lost = params![Sql(session), Sql(rotation.patience_since), Sql(change.at)];
    sql::RETIRE_LOST_SUCCESSORS.execute(connection, lost)?;
    let unseen = None::<i64>;
    let token = params![Sql(rotation.token), Sql(session), Sql(issued_at), unseen];
    sql::INSERT.execute(connection, token)?;
    let until = rotation.authenticated_until;
    let is_new = revision == NewRevision::Always || until.is_some();
    let renewed = params![Sql(session), Sql(change.at), is_new, until.map(Sql), Sql(issued_at)];
    let row = sessions::RENEW.one(connection, renewed, rows::session)?;
    Ok(Replaced::Yes(row))
}
