use rusqlite::{Params, Result, params};
use sessrum_core::store::EndedSession;
use sessrum_core::{Change, EndReason, EventKind, ExpiryLimits, SessionId, UserId};

use crate::events::record_of;
use crate::rows::{self, Sql};
use crate::sql::Statement;
use crate::sql::sessions as sql;
use crate::writer::Writing;

pub(super) fn end(
    connection: &Writing<'_>,
    session: SessionId,
    reason: EndReason,
    change: &Change,
) -> Result<Option<EndedSession>> {
    let params = params![Sql(change.at), Sql(reason), Sql(session)];
    Ok(end_by(connection, sql::END, params, reason, change)?.pop())
}

pub(crate) fn end_of_user(
    connection: &Writing<'_>,
    user: &UserId,
    keep: Option<SessionId>,
    reason: EndReason,
    change: &Change,
) -> Result<Vec<EndedSession>> {
    let params = params![Sql(change.at), Sql(reason), Sql(user.clone()), keep.map(Sql)];
    end_by(connection, sql::END_OF_USER, params, reason, change)
}

pub(super) fn end_any(
    connection: &Writing<'_>,
    keep: Option<SessionId>,
    reason: EndReason,
    limit: usize,
    change: &Change,
) -> Result<Vec<EndedSession>> {
    let params = params![Sql(change.at), Sql(reason), keep.map(Sql), rows::limit(limit)];
    end_by(connection, sql::END_ANY, params, reason, change)
}

pub(super) fn end_expired(
    connection: &Writing<'_>,
    limits: ExpiryLimits,
    limit: usize,
    change: &Change,
) -> Result<Vec<EndedSession>> {
    let (at, reason) = (Sql(change.at), Sql(EndReason::Expired));
    let too_old = params![at, reason, Sql(limits.now), rows::limit(limit)];
    let mut ended = end_by(connection, sql::END_TOO_OLD, too_old, reason.0, change)?;
    let idle = [(false, limits.idle_since), (true, limits.remembered_idle_since)];
    for (remembered, since) in idle {
        let left = rows::limit(limit.saturating_sub(ended.len()));
        let idle = params![at, reason, remembered, Sql(since), left];
        ended.extend(end_by(connection, sql::END_IDLE, idle, reason.0, change)?);
    }
    Ok(ended)
}

/// Ends sessions by one of the statements for it, each with its event, in the order of their keys.
fn end_by(
    connection: &Writing<'_>,
    statement: Statement,
    params: impl Params,
    reason: EndReason,
    change: &Change,
) -> Result<Vec<EndedSession>> {
    let mut ended = statement.all(connection, params, |row| rows::ended(row, reason))?;
    ended.sort_unstable_by_key(|session| session.id);
    for session in &ended {
        let (kind, handle) = (EventKind::SessionEnded, Some(session.handle));
        record_of(connection, kind, &session.user_id, handle, reason.as_str(), change)?;
    }
    Ok(ended)
}
