use rusqlite::{Connection, Result, params};
use sessrum_core::store::{CreateOutcome, EndedSession, NewSession};
use sessrum_core::{Change, EndReason, EventKind, NEW_DEVICE, SessionId, UserSession};

use super::end::end;
use crate::events::{is_new_device, record_of};
use crate::platform_use::note_use;
use crate::rows::{self, Sql};
use crate::sql::{sessions as sql, tokens, users};
use crate::writer::Writing;

pub(super) fn create(
    connection: &Writing<'_>,
    new: NewSession,
    change: &Change,
) -> Result<CreateOutcome> {
    if is_refused(connection, &new)? {
        return Ok(CreateOutcome::Refused);
    }
    if sql::IS_TAKEN.value(connection, params![Sql(new.handle), Sql(new.token)])? {
        return Ok(CreateOutcome::Collision);
    }
    let mut ended = Vec::new();
    if let Some(replaced) = new.replaces {
        ended.extend(end(connection, replaced, EndReason::Logout, change)?);
    }
    ended.extend(evict(connection, &new, change)?);
    let session = insert(connection, new, change)?;
    note_use(connection, &session, change)?;
    let is_new = is_new_device(connection, &session.user_id, change.client.device().as_deref())?;
    let detail = if is_new { NEW_DEVICE } else { "" };
    let (kind, handle) = (EventKind::SignedIn, Some(session.handle));
    record_of(connection, kind, &session.user_id, handle, detail, change)?;
    Ok(CreateOutcome::Created { session: Box::new(session), ended })
}

/// A bundled user must be active and still have the password that was checked.
fn is_refused(connection: &Connection, new: &NewSession) -> Result<bool> {
    if !new.user_is_bundled {
        return Ok(false);
    }
    let user = match rows::bundled(&new.user_id.0) {
        Some(key) => users::FIND.first(connection, [key], rows::user)?,
        None => None,
    };
    let changed_at = user.as_ref().map(|user| user.password_changed_at);
    let changed = new.password_changed_at.is_some_and(|checked| Some(checked) != changed_at);
    Ok(changed || user.is_some_and(|user| !user.is_active))
}

/// Makes room for one more session under the cap.
fn evict(connection: &Writing<'_>, new: &NewSession, change: &Change) -> Result<Vec<EndedSession>> {
    let kept = rows::limit(new.cap.saturating_sub(1));
    let params = params![Sql(new.user_id.clone()), kept];
    let beyond: Vec<SessionId> =
        sql::BEYOND_CAP.all(connection, params, |row| rows::get(row, 0))?;
    let mut ended = Vec::with_capacity(beyond.len());
    for session in beyond {
        ended.extend(end(connection, session, EndReason::Evicted, change)?);
    }
    Ok(ended)
}

fn insert(connection: &Connection, new: NewSession, change: &Change) -> Result<UserSession> {
    let row = params![
        Sql(new.handle),
        Sql(new.user_id),
        new.active_platform_id.map(Sql),
        Sql(change.at),
        Sql(new.expires_at),
        new.remembered,
        new.fingerprint.map(Sql),
        new.user_agent,
        new.ip_address.map(Sql),
    ];
    let session = sql::INSERT.one(connection, row, rows::session)?;
    let token = params![Sql(new.token), Sql(session.id), Sql(change.at), Sql(change.at)];
    tokens::INSERT.execute(connection, token)?;
    Ok(session)
}
