use sessrum_core::store::EndedSession;
use sessrum_core::{Change, EndReason, EventKind, ExpiryLimits, SessionId, UserId};

use crate::error::Result;
use crate::events::{learn_chains, record_of};
use crate::rows;
use crate::sql::sessions as sql;
use crate::sql::{AT_ONCE, Params, Statement};
use crate::values::Sql;
use crate::writer::Writing;

pub(super) async fn end(
    writing: &mut Writing,
    session: SessionId,
    reason: EndReason,
    change: &Change,
) -> Result<Option<EndedSession>> {
    writing.asks_for_end();
    let params: Params<'_> = &[&Sql(change.at), &Sql(reason), &session.0];
    Ok(end_by(writing, sql::END, params, reason, change).await?.pop())
}

pub(crate) async fn end_of_user(
    writing: &mut Writing,
    user: &UserId,
    keep: Option<SessionId>,
    reason: EndReason,
    change: &Change,
) -> Result<Vec<EndedSession>> {
    writing.asks_for_end();
    let live = writing.query(sql::LIVE_KEYS_OF_USER, &[&Sql(user.clone())]).await?;
    let mut keys: Vec<i64> = live.all(|row| rows::plain(row, 0))?;
    keys.retain(|key| keep.is_none_or(|keep| *key != keep.0));
    keys.sort_unstable();
    let mut ended = Vec::with_capacity(keys.len());
    for some in keys.chunks(AT_ONCE) {
        let params: Params<'_> = &[&Sql(change.at), &Sql(reason), &some];
        ended.extend(end_by(writing, sql::END_EACH, params, reason, change).await?);
    }
    Ok(ended)
}

pub(super) async fn end_any(
    writing: &mut Writing,
    keep: Option<SessionId>,
    reason: EndReason,
    limit: usize,
    change: &Change,
) -> Result<Vec<EndedSession>> {
    writing.asks_for_end();
    let (keep, limit) = (keep.map(Sql), rows::limit(limit));
    let params: Params<'_> = &[&Sql(change.at), &Sql(reason), &keep, &limit];
    end_by(writing, sql::END_ANY, params, reason, change).await
}

pub(super) async fn end_expired(
    writing: &mut Writing,
    limits: ExpiryLimits,
    limit: usize,
    change: &Change,
) -> Result<Vec<EndedSession>> {
    let (at, reason) = (Sql(change.at), EndReason::Expired);
    let (now, left) = (Sql(limits.now), rows::limit(limit));
    let too_old: Params<'_> = &[&at, &Sql(reason), &now, &left];
    let mut ended = end_by(writing, sql::END_TOO_OLD, too_old, reason, change).await?;
    let idle = [(false, limits.idle_since), (true, limits.remembered_idle_since)];
    for (remembered, since) in idle {
        let left = rows::limit(limit.saturating_sub(ended.len()));
        let idle: Params<'_> = &[&at, &Sql(reason), &remembered, &Sql(since), &left];
        ended.extend(end_by(writing, sql::END_IDLE, idle, reason, change).await?);
    }
    Ok(ended)
}

/// Ends sessions by one of the statements for it, each with its event, in the order of their keys.
async fn end_by(
    writing: &mut Writing,
    statement: Statement,
    params: Params<'_>,
    reason: EndReason,
    change: &Change,
) -> Result<Vec<EndedSession>> {
    let ended = writing.query(statement, params).await?;
    let mut ended: Vec<_> = ended.all(|row| rows::ended(row, reason))?;
    ended.sort_unstable_by_key(|session| session.id);
    learn_chains(writing, ended.iter().map(|session| &session.user_id)).await?;
    for session in &ended {
        record_end(writing, session, change).await?;
    }
    Ok(ended)
}

/// Records that a session has ended.
pub(super) async fn record_end(
    writing: &mut Writing,
    session: &EndedSession,
    change: &Change,
) -> Result<()> {
    let (kind, handle) = (EventKind::SessionEnded, Some(session.handle));
    record_of(writing, kind, &session.user_id, handle, session.reason.as_str(), change).await
}
