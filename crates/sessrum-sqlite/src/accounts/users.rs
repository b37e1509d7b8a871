use rusqlite::{Connection, Result, params};
use sessrum_core::store::{AddUser, EndedSession, NewUser, PasswordChange, PasswordOutcome};
use sessrum_core::{Change, EndReason, EventKind, PasswordHash, Role, UserId};

use crate::events::record_of;
use crate::rows::{self, Sql};
use crate::sessions::{NewRevision, Replaced, end_of_user, live_owner, replace_token};
use crate::sql::sessions::REVISE_OF_USER;
use crate::sql::users as sql;
use crate::writer::Writing;

pub(super) fn add(connection: &Writing<'_>, new: &NewUser, change: &Change) -> Result<AddUser> {
    if sql::IS_USERNAME_TAKEN.value(connection, [&new.username])? {
        return Ok(AddUser::UsernameTaken);
    }
    if sql::IS_EMAIL_TAKEN.value(connection, [&new.email])? {
        return Ok(AddUser::EmailTaken);
    }
    let password_hash = new.password_hash.as_ref().map(PasswordHash::expose);
    let row = params![new.username, new.email, password_hash, Sql(new.role), Sql(change.at)];
    let id = sql::INSERT.one(connection, row, |row| rows::get(row, 0))?;
    record_of(connection, EventKind::UserAdded, &id, None, "", change)?;
    Ok(AddUser::Added(id))
}

pub(super) fn set_active(
    connection: &Writing<'_>,
    user: i64,
    active: bool,
    change: &Change,
) -> Result<Option<Vec<EndedSession>>> {
    if sql::SET_ACTIVE.execute(connection, params![user, active])? == 0 {
        return Ok(None);
    }
    let id = UserId::from(user);
    if active {
        record_of(connection, EventKind::UserEnabled, &id, None, "", change)?;
        return Ok(Some(Vec::new()));
    }
    record_of(connection, EventKind::UserDisabled, &id, None, "", change)?;
    end_of_user(connection, &id, None, EndReason::UserDisabled, change).map(Some)
}

pub(super) fn set_role(
    connection: &Writing<'_>,
    user: i64,
    role: Role,
    change: &Change,
) -> Result<bool> {
    if sql::SET_ROLE.execute(connection, params![user, Sql(role), Sql(change.at)])? == 0 {
        return Ok(false);
    }
    REVISE_OF_USER.execute(connection, params![user, Sql(change.at)])?;
    let id = UserId::from(user);
    record_of(connection, EventKind::RoleChanged, &id, None, role.as_str(), change)?;
    Ok(true)
}

pub(super) fn change_password(
    connection: &Writing<'_>,
    user: i64,
    password: &PasswordChange,
    change: &Change,
) -> Result<PasswordOutcome> {
    let Some(row) = sql::FIND.first(connection, [user], rows::user)? else {
        return Ok(PasswordOutcome::Refused);
    };
    if password.checked_against.is_some_and(|checked| checked != row.password_changed_at) {
        return Ok(PasswordOutcome::Refused);
    }
    let id = UserId::from(user);
    let mut kept = None;
    if let Some((session, rotation)) = &password.keep {
        if live_owner(connection, *session)?.as_ref() != Some(&id) {
            return Ok(PasswordOutcome::Refused);
        }
        match replace_token(connection, *session, rotation, NewRevision::Always, change)? {
            Replaced::Yes(row) => kept = Some(Box::new(row)),
            Replaced::No(_) => return Ok(PasswordOutcome::Refused),
        }
    }
    let new = params![user, password.hash.expose(), Sql(change.at)];
    sql::SET_PASSWORD.execute(connection, new)?;
    let handle = kept.as_ref().map(|session| session.handle);
    record_of(connection, EventKind::PasswordChanged, &id, handle, "", change)?;
    let keep = kept.as_ref().map(|session| session.id);
    let ended = end_of_user(connection, &id, keep, EndReason::PasswordChanged, change)?;
    Ok(PasswordOutcome::Changed { kept, ended })
}

pub(super) fn upgrade_password_hash(
    connection: &Connection,
    user: i64,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<bool> {
    let hashes = params![user, old.expose(), new.expose()];
    Ok(sql::UPGRADE_PASSWORD.execute(connection, hashes)? > 0)
}
