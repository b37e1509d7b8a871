use rusqlite::{Connection, Result, params};
use sessrum_core::store::{
    AddUser, NewUser, PasswordChange, PasswordOutcome, UserChange, UserOutcome,
};
use sessrum_core::{Change, EndReason, EventKind, PasswordHash, Role, UserId};

use crate::events::record_of;
use crate::rows::{self, Sql};
use crate::sessions::{
    NewRevision, Replaced, end_of_user, live_owner, replace_token, retire_others,
};
use crate::sql::sessions::REVISE_OF_USER;
use crate::sql::users as sql;
use crate::writer::Writing;

pub(super) fn add(connection: &Writing<'_>, new: &NewUser, change: &Change) -> Result<AddUser> {
    let folded = new.username.to_lowercase();
    if sql::IS_USERNAME_TAKEN.value(connection, [&folded])? {
        return Ok(AddUser::UsernameTaken);
    }
    if sql::IS_EMAIL_TAKEN.value(connection, [&new.email])? {
        return Ok(AddUser::EmailTaken);
    }
    let password_hash = new.password_hash.as_ref().map(PasswordHash::expose);
    let row =
        params![new.username, new.email, password_hash, Sql(new.role), Sql(change.at), folded];
    let id = sql::INSERT.one(connection, row, |row| rows::get(row, 0))?;
    record_of(connection, EventKind::UserAdded, &id, None, "", change)?;
    Ok(AddUser::Added(id))
}

pub(super) fn change(
    connection: &Writing<'_>,
    user: i64,
    what: UserChange,
    change: &Change,
) -> Result<UserOutcome> {
    let Some(before) = sql::FIND.first(connection, [user], rows::user)? else {
        return Ok(UserOutcome::NotFound);
    };
    let role = what.role.filter(|role| *role != before.info.role);
    let is_active = what.is_active.filter(|is_active| *is_active != before.is_active);
    let is_admin = before.is_active && before.info.role == Role::Admin;
    if what.spares_last_admin
        && is_admin
        && (role.is_some() || is_active == Some(false))
        && !sql::IS_THERE_ANOTHER_ADMIN.value::<bool>(connection, [user])?
    {
        return Ok(UserOutcome::LastAdmin);
    }
    let id = before.info.id;
    if let Some(role) = role {
        sql::SET_ROLE.execute(connection, params![user, Sql(role), Sql(change.at)])?;
        REVISE_OF_USER.execute(connection, params![user, Sql(change.at)])?;
        record_of(connection, EventKind::RoleChanged, &id, None, role.as_str(), change)?;
    }
    let mut ended = Vec::new();
    if let Some(is_active) = is_active {
        sql::SET_ACTIVE.execute(connection, params![user, is_active])?;
        let kind = if is_active { EventKind::UserEnabled } else { EventKind::UserDisabled };
        record_of(connection, kind, &id, None, "", change)?;
        if !is_active {
            ended = end_of_user(connection, &id, None, EndReason::UserDisabled, change)?;
        }
    }
    let user = Box::new(sql::FIND.one(connection, [user], rows::user)?);
    Ok(UserOutcome::Changed { user, ended })
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
        retire_others(connection, *session, rotation.token, change.at)?;
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
