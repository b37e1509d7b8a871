use rusqlite::{Result, params};
use sessrum_core::store::{
    AddPlatform, MOST_PLATFORMS, NewPlatform, PlatformChange, PlatformOutcome,
};
use sessrum_core::{Change, EventKind, UserId};

use crate::events::record_of;
use crate::rows::{self, Sql};
use crate::sql::sessions::LEAVE_PLATFORM;
use crate::sql::{platforms as sql, users};
use crate::writer::Writing;

pub(super) fn add(
    connection: &Writing<'_>,
    user: i64,
    new: NewPlatform,
    change: &Change,
) -> Result<AddPlatform> {
    if users::FIND.first(connection, [user], rows::user)?.is_none() {
        return Ok(AddPlatform::UserUnknown);
    }
    if sql::IS_NAME_TAKEN.value(connection, params![user, new.name, None::<i64>])? {
        return Ok(AddPlatform::NameTaken);
    }
    let account = params![user, new.instance_url, new.username];
    if sql::IS_ACCOUNT_TAKEN.value(connection, account)? {
        return Ok(AddPlatform::AccountTaken);
    }
    let theirs = usize::try_from(sql::COUNT.value::<i64>(connection, [user])?).unwrap_or(0);
    if theirs >= MOST_PLATFORMS {
        return Ok(AddPlatform::TooMany);
    }
    let is_default = new.is_default || theirs == 0;
    if is_default {
        sql::CLEAR_DEFAULT.execute(connection, [user])?;
    }
    let (key_id, sealed) = new.credentials.map(|new| (new.key_id, new.sealed)).unzip();
    let row = params![
        user,
        new.name,
        new.platform_type,
        new.instance_url,
        new.username,
        sealed,
        key_id,
        is_default,
        Sql(change.at),
    ];
    let info = sql::INSERT.one(connection, row, |row| rows::platform_info(row, 0))?;
    let kind = EventKind::PlatformAdded;
    record_of(connection, kind, &UserId::from(user), None, &info.id.to_string(), change)?;
    Ok(AddPlatform::Added(info))
}

pub(super) fn change(
    connection: &Writing<'_>,
    user: i64,
    platform: i64,
    what: PlatformChange,
    change: &Change,
) -> Result<PlatformOutcome> {
    let found = sql::FIND.first(connection, [platform, user], rows::platform_connection)?;
    let Some(mut row) = found else { return Ok(PlatformOutcome::NotFound) };
    row.is_active = what.is_active.unwrap_or(row.is_active);
    if what.is_default == Some(true) && !row.is_active {
        return Ok(PlatformOutcome::NotFound);
    }
    if let Some(name) = what.name {
        if sql::IS_NAME_TAKEN.value(connection, params![user, name, platform])? {
            return Ok(PlatformOutcome::NameTaken);
        }
        row.info.name = name;
    }
    row.info.is_default = row.is_active && what.is_default.unwrap_or(row.info.is_default);
    if row.info.is_default {
        sql::CLEAR_DEFAULT.execute(connection, [user])?;
    }
    let (key_id, sealed) = what.credentials.map(|new| (new.key_id, new.sealed)).unzip();
    let (is_active, is_default) = (row.is_active, row.info.is_default);
    let columns = params![platform, row.info.name, is_active, is_default, sealed, key_id];
    sql::UPDATE.execute(connection, columns)?;
    if !row.is_active {
        LEAVE_PLATFORM.execute(connection, params![user, platform, Sql(change.at)])?;
    }
    let kind = EventKind::PlatformChanged;
    record_of(connection, kind, &UserId::from(user), None, &platform.to_string(), change)?;
    Ok(PlatformOutcome::Changed(row))
}

pub(super) fn remove(
    connection: &Writing<'_>,
    user: i64,
    platform: i64,
    change: &Change,
) -> Result<bool> {
    if sql::DELETE.execute(connection, [platform, user])? == 0 {
        return Ok(false);
    }
    LEAVE_PLATFORM.execute(connection, params![user, platform, Sql(change.at)])?;
    let kind = EventKind::PlatformRemoved;
    record_of(connection, kind, &UserId::from(user), None, &platform.to_string(), change)?;
    Ok(true)
}
