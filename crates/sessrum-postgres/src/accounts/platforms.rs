use sessrum_core::store::{
    AddPlatform, MOST_PLATFORMS, NewPlatform, PlatformChange, PlatformOutcome,
};
use sessrum_core::{Change, EventKind, PlatformId, UserId};

use crate::error::Result;
use crate::events::record_of;
use crate::rows;
use crate::sql::sessions::LEAVE_PLATFORM;
use crate::sql::{Params, platforms as sql, users};
use crate::values::Sql;
use crate::writer::Writing;

pub(super) async fn add(
    writing: &mut Writing,
    user: i64,
    new: &NewPlatform,
    change: &Change,
) -> Result<AddPlatform> {
    if writing.query(users::FIND, &[&user]).await?.first(rows::user)?.is_none() {
        return Ok(AddPlatform::UserUnknown);
    }
    if is_name_taken(writing, user, &new.name, None).await? {
        return Ok(AddPlatform::NameTaken);
    }
    let account: Params<'_> = &[&user, &new.instance_url, &new.username];
    if writing.query(sql::IS_ACCOUNT_TAKEN, account).await?.value()? {
        return Ok(AddPlatform::AccountTaken);
    }
    let theirs: i64 = writing.query(sql::COUNT, &[&user]).await?.value()?;
    if theirs >= rows::limit(MOST_PLATFORMS) {
        return Ok(AddPlatform::TooMany);
    }
    let is_default = new.is_default || theirs == 0;
    if is_default {
        writing.query(sql::CLEAR_DEFAULT, &[&user]).await?;
    }
    let credentials = new.credentials.as_ref();
    let row: Params<'_> = &[
        &user,
        &new.name,
        &new.platform_type,
        &new.instance_url,
        &new.username,
        &credentials.map(|new| &new.sealed),
        &credentials.map(|new| &new.key_id),
        &is_default,
        &Sql(change.at),
    ];
    let info = writing.query(sql::INSERT, row).await?.one(|row| rows::platform_info(row, 0))?;
    let (kind, detail) = (EventKind::PlatformAdded, info.id.to_string());
    record_of(writing, kind, &UserId::from(user), None, &detail, change).await?;
    Ok(AddPlatform::Added(info))
}

async fn is_name_taken(
    writing: &Writing,
    user: i64,
    name: &str,
    by_another_than: Option<i64>,
) -> Result<bool> {
    writing.query(sql::IS_NAME_TAKEN, &[&user, &name, &by_another_than]).await?.value()
}

pub(super) async fn change(
    writing: &mut Writing,
    user: i64,
    platform: i64,
    what: &PlatformChange,
    change: &Change,
) -> Result<PlatformOutcome> {
    let found = writing.query(sql::FIND, &[&platform, &user]).await?;
    let Some(mut row) = found.first(rows::platform_connection)? else {
        return Ok(PlatformOutcome::NotFound);
    };
    row.is_active = what.is_active.unwrap_or(row.is_active);
    if what.is_default == Some(true) && !row.is_active {
        return Ok(PlatformOutcome::NotFound);
    }
    if let Some(name) = &what.name {
        if is_name_taken(writing, user, name, Some(platform)).await? {
            return Ok(PlatformOutcome::NameTaken);
        }
        row.info.name.clone_from(name);
    }
    row.info.is_default = row.is_active && what.is_default.unwrap_or(row.info.is_default);
    if row.info.is_default {
        writing.query(sql::CLEAR_DEFAULT, &[&user]).await?;
    }
    let credentials = what.credentials.as_ref();
    let columns: Params<'_> = &[
        &platform,
        &row.info.name,
        &row.is_active,
        &row.info.is_default,
        &credentials.map(|new| &new.sealed),
        &credentials.map(|new| &new.key_id),
    ];
    writing.query(sql::UPDATE, columns).await?;
    if !row.is_active {
        leave(writing, user, platform, change).await?;
    }
    let (kind, detail) = (EventKind::PlatformChanged, platform.to_string());
    record_of(writing, kind, &UserId::from(user), None, &detail, change).await?;
    Ok(PlatformOutcome::Changed(row))
}

pub(super) async fn remove(
    writing: &mut Writing,
    user: i64,
    platform: i64,
    change: &Change,
) -> Result<bool> {
    if writing.query(sql::DELETE, &[&platform, &user]).await?.affected() == 0 {
        return Ok(false);
    }
    leave(writing, user, platform, change).await?;
    let (kind, detail) = (EventKind::PlatformRemoved, platform.to_string());
    record_of(writing, kind, &UserId::from(user), None, &detail, change).await?;
    Ok(true)
}

/// Sets a user's sessions that are in a platform to none.
async fn leave(writing: &Writing, user: i64, platform: i64, change: &Change) -> Result<()> {
    let (user, platform) = (Sql(UserId::from(user)), Sql(PlatformId::from(platform)));
    writing.query(LEAVE_PLATFORM, &[&user, &platform, &Sql(change.at)]).await.map(drop)
}
