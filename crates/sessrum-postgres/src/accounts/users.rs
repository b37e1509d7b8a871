use sessrum_core::store::{
    AddUser, NewUser, PasswordChange, PasswordOutcome, UserChange, UserOutcome,
};
use sessrum_core::{Change, EndReason, EventKind, PasswordHash, Role, UserId};

use crate::error::Result;
use crate::events::record_of;
use crate::rows::{self, plain};
use crate::sessions::{
    NewRevision, Replaced, end_of_user, live_owner, replace_token, retire_others,
};
use crate::sql::sessions::REVISE_OF_USER;
use crate::sql::users as sql;
use crate::values::Sql;
use crate::writer::Writing;

pub(super) async fn add(writing: &mut Writing, new: &NewUser, change: &Change) -> Result<AddUser> {
    let folded = new.username.to_lowercase();
    if writing.query(sql::IS_USERNAME_TAKEN, &[&folded]).await?.value()? {
        return Ok(AddUser::UsernameTaken);
    }
    if writing.query(sql::IS_EMAIL_TAKEN, &[&new.email]).await?.value()? {
        return Ok(AddUser::EmailTaken);
    }
    let password_hash = new.password_hash.as_ref().map(PasswordHash::expose);
    let (role, at) = (Sql(new.role), Sql(change.at));
    let added = writing
        .query(sql::INSERT, &[&new.username, &new.email, &password_hash, &role, &at, &folded])
        .await?;
    let id = UserId::from(added.one(|row| plain::<i64>(row, 0))?);
    record_of(writing, EventKind::UserAdded, &id, None, "", change).await?;
    Ok(AddUser::Added(id))
}

pub(super) async fn change(
    writing: &mut Writing,
    user: i64,
    what: UserChange,
    change: &Change,
) -> Result<UserOutcome> {
    if what.role.is_some() || what.is_active == Some(false) {
        writing.asks_for_end();
    }
    let Some(before) = writing.query(sql::FIND, &[&user]).await?.first(rows::user)? else {
        return Ok(UserOutcome::NotFound);
    };
    let role = what.role.filter(|role| *role != before.info.role);
    let is_active = what.is_active.filter(|is_active| *is_active != before.is_active);
    let is_admin = before.is_active && before.info.role == Role::Admin;
    if what.spares_last_admin
        && is_admin
        && (role.is_some() || is_active == Some(false))
        && !writing.query(sql::IS_THERE_ANOTHER_ADMIN, &[&user]).await?.value::<bool>()?
    {
        return Ok(UserOutcome::LastAdmin);
    }
    let (id, at) = (before.info.id, Sql(change.at));
    if let Some(role) = role {
        writing.query(sql::SET_ROLE, &[&user, &Sql(role), &at]).await?;
        writing.query(REVISE_OF_USER, &[&Sql(id.clone()), &at]).await?;
        record_of(writing, EventKind::RoleChanged, &id, None, role.as_str(), change).await?;
    }
    let mut ended = Vec::new();
    if let Some(is_active) = is_active {
        writing.query(sql::SET_ACTIVE, &[&user, &is_active]).await?;
        let kind = if is_active { EventKind::UserEnabled } else { EventKind::UserDisabled };
        record_of(writing, kind, &id, None, "", change).await?;
        if !is_active {
            ended = end_of_user(writing, &id, None, EndReason::UserDisabled, change).await?;
        }
    }
    let user = Box::new(writing.query(sql::FIND, &[&user]).await?.one(rows::user)?);
    Ok(UserOutcome::Changed { user, ended })
}

pub(super) async fn change_password(
    writing: &mut Writing,
    user: i64,
    password: &PasswordChange,
    change: &Change,
) -> Result<PasswordOutcome> {
    let Some(row) = writing.query(sql::FIND, &[&user]).await?.first(rows::user)? else {
        return Ok(PasswordOutcome::Refused);
    };
    if password.checked_against.is_some_and(|checked| checked != row.password_changed_at) {
        return Ok(PasswordOutcome::Refused);
    }
    let id = UserId::from(user);
    let mut kept = None;
    if let Some((session, rotation)) = &password.keep {
        if live_owner(writing, *session).await?.as_ref() != Some(&id) {
            return Ok(PasswordOutcome::Refused);
        }
        match replace_token(writing, *session, rotation, NewRevision::Always, change).await? {
            Replaced::Yes(row) => kept = Some(Box::new(row)),
            Replaced::No(_) => return Ok(PasswordOutcome::Refused),
        }
        retire_others(writing, *session, rotation.token, change.at).await?;
    }
    let (hash, at) = (password.hash.expose(), Sql(change.at));
    writing.query(sql::SET_PASSWORD, &[&user, &hash, &at]).await?;
    let handle = kept.as_ref().map(|session| session.handle);
    record_of(writing, EventKind::PasswordChanged, &id, handle, "", change).await?;
    let keep = kept.as_ref().map(|session| session.id);
    let ended = end_of_user(writing, &id, keep, EndReason::PasswordChanged, change).await?;
    Ok(PasswordOutcome::Changed { kept, ended })
}

pub(super) async fn upgrade_password_hash(
    writing: &Writing,
    user: i64,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<bool> {
    let (old, new) = (old.expose(), new.expose());
    Ok(writing.query(sql::UPGRADE_PASSWORD, &[&user, &old, &new]).await?.affected() > 0)
}
