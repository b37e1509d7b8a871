//! Between the types of the core and what SQLite holds.

use std::error::Error;
use std::net::IpAddr;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};
use rusqlite::{Result, Row, ToSql};
use sessrum_core::store::{
    DataEntry, EndedSession, LoadedSession, Page, PlatformConnection, PlatformCredentials, User,
};
use sessrum_core::throttle::{Counter, Mark};
use sessrum_core::{
    EndReason, Ended, EventKind, EventSeal, Key, PasswordHash, PlatformId, PlatformInfo,
    RecordedKind, Role, SealedCredentials, SealedEvent, SessionEvent, SessionFingerprint,
    SessionHandle, SessionId, SignInFacts, Timestamp, TokenHash, TokenRecord, UserFacts, UserId,
    UserInfo, UserSession,
};

/// A value of the core as a column holds it.
pub(crate) struct Sql<T>(pub(crate) T);

/// Where `T` has one column type that stands for it: how it goes in, how it comes out.
macro_rules! column {
    ($type:ty, |$value:ident| $to:expr, |$column:ident| $from:expr) => {
        impl ToSql for Sql<$type> {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                let $value = &self.0;
                Ok(ToSqlOutput::Owned(Value::from($to)))
            }
        }

        impl FromSql for Sql<$type> {
            fn column_result($column: ValueRef<'_>) -> FromSqlResult<Self> {
                $from.map(Sql)
            }
        }
    };
}

column!(Timestamp, |at| at.as_micros(), |column| column.as_i64().map(Timestamp::from_micros));
column!(SessionId, |id| id.0, |column| column.as_i64().map(SessionId));
column!(TokenHash, |hash| hash.as_bytes().to_vec(), |column| {
    sized(column).map(TokenHash::from_bytes)
});
column!(SessionHandle, |handle| handle.as_bytes().to_vec(), |column| {
    sized(column).map(SessionHandle::from_bytes)
});
column!(SessionFingerprint, |print| print.to_bytes().to_vec(), |column| {
    column
        .as_blob()
        .and_then(|bytes| SessionFingerprint::from_bytes(bytes).ok_or(FromSqlError::InvalidType))
});
column!(Mark, |mark| mark.0.to_vec(), |column| sized(column).map(Mark));
column!(UserId, |id| key_to_sql(&id.0), |column| key(column).map(UserId));
column!(PlatformId, |id| key_to_sql(&id.0), |column| key(column).map(PlatformId));
column!(IpAddr, |address| address.to_string(), |column| parsed(column));
column!(EndReason, |reason| reason.as_str().to_owned(), |column| parsed(column));
column!(EventKind, |kind| kind.as_str().to_owned(), |column| parsed(column));
column!(RecordedKind, |kind| kind.as_str().to_owned(), |column| {
    column.as_str().map(RecordedKind::from)
});
column!(Role, |role| role.as_str().to_owned(), |column| parsed(column));

fn key_to_sql(key: &Key) -> Value {
    match key {
        Key::Integer(number) => Value::Integer(*number),
        Key::Text(text) => Value::Text(text.to_string()),
    }
}

fn key(column: ValueRef<'_>) -> FromSqlResult<Key> {
    match column {
        ValueRef::Integer(number) => Ok(Key::Integer(number)),
        _ => column.as_str().map(|text| Key::Text(text.into())),
    }
}

fn sized<const N: usize>(column: ValueRef<'_>) -> FromSqlResult<[u8; N]> {
    let blob = column.as_blob()?;
    blob.try_into()
        .map_err(|_| FromSqlError::InvalidBlobSize { expected_size: N, blob_size: blob.len() })
}

fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(
    column: ValueRef<'_>,
) -> FromSqlResult<T> {
    column.as_str()?.parse().map_err(|error| FromSqlError::Other(Box::new(error)))
}

/// A column's value.
pub(crate) fn get<T>(row: &Row<'_>, index: usize) -> Result<T>
where
    Sql<T>: FromSql,
{
    row.get::<_, Sql<T>>(index).map(|Sql(value)| value)
}

/// A column's value where it has one.
fn get_option<T>(row: &Row<'_>, index: usize) -> Result<Option<T>>
where
    Sql<T>: FromSql,
{
    row.get::<_, Option<Sql<T>>>(index).map(|value| value.map(|Sql(value)| value))
}

/// A limit or a count as SQLite takes it.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The key to stay below, and how many at most.
pub(crate) fn page(page: Page) -> (i64, i64) {
    (page.before.unwrap_or(i64::MAX), limit(page.limit))
}

/// The key of a bundled row. These are numbers, so a text is the key of none.
pub(crate) const fn bundled(key: &Key) -> Option<i64> {
    match key {
        Key::Integer(number) => Some(*number),
        Key::Text(_) => None,
    }
}

pub(crate) fn session(row: &Row<'_>) -> Result<UserSession> {
    let ended = match (get_option(row, 10)?, get_option(row, 11)?) {
        (Some(at), Some(reason)) => Some(Ended { at, reason }),
        _ => None,
    };
    Ok(UserSession {
        id: get(row, 0)?,
        handle: get(row, 1)?,
        user_id: get(row, 2)?,
        active_platform_id: get_option(row, 3)?,
        created_at: get(row, 4)?,
        updated_at: get(row, 5)?,
        last_activity: get(row, 6)?,
        authenticated_at: get(row, 7)?,
        expires_at: get(row, 8)?,
        remembered: row.get(9)?,
        ended,
        revision: row.get(12)?,
        fingerprint: get_option(row, 13)?,
        user_agent: row.get(14)?,
        ip_address: get_option(row, 15)?,
    })
}

pub(crate) fn loaded_session(row: &Row<'_>) -> Result<LoadedSession> {
    let user = row.get::<_, Option<i64>>(19)?.map(|_| user_facts(row, 19)).transpose()?;
    let platform = row.get::<_, Option<i64>>(25)?.map(|_| platform_info(row, 25)).transpose()?;
    let token = TokenRecord {
        issued_at: get(row, 16)?,
        first_used_at: get_option(row, 17)?,
        retired_at: get_option(row, 18)?,
    };
    let has_other_token = row.get(31)?;
    Ok(LoadedSession { session: session(row)?, token, has_other_token, user, platform })
}

/// What a statement that ends sessions for `reason` tells of one.
pub(crate) fn ended(row: &Row<'_>, reason: EndReason) -> Result<EndedSession> {
    Ok(EndedSession {
        id: get(row, 0)?,
        handle: get(row, 1)?,
        user_id: get(row, 2)?,
        reason,
        revision: row.get(3)?,
    })
}

/// A user's facts, from the column `first` on.
pub(crate) fn user_facts(row: &Row<'_>, first: usize) -> Result<UserFacts> {
    Ok(UserFacts {
        info: UserInfo {
            id: get(row, first)?,
            username: row.get(first + 1)?,
            email: row.get(first + 2)?,
            role: get(row, first + 3)?,
        },
        is_active: row.get(first + 4)?,
        role_changed_at: get_option(row, first + 5)?,
    })
}

pub(crate) fn user(row: &Row<'_>) -> Result<User> {
    let facts = user_facts(row, 0)?;
    Ok(User {
        info: facts.info,
        is_active: facts.is_active,
        created_at: get(row, 6)?,
        password_changed_at: get(row, 7)?,
    })
}

pub(crate) fn sign_in_facts(row: &Row<'_>) -> Result<SignInFacts> {
    Ok(SignInFacts {
        user: user_facts(row, 0)?,
        password_hash: row.get::<_, Option<String>>(8)?.map(PasswordHash::from_phc),
        password_changed_at: get(row, 7)?,
    })
}

/// A platform's facts, from the column `first` on.
pub(crate) fn platform_info(row: &Row<'_>, first: usize) -> Result<PlatformInfo> {
    Ok(PlatformInfo {
        id: get(row, first)?,
        name: row.get(first + 1)?,
        platform_type: row.get(first + 2)?,
        instance_url: row.get(first + 3)?,
        username: row.get(first + 4)?,
        is_default: row.get(first + 5)?,
    })
}

pub(crate) fn platform_connection(row: &Row<'_>) -> Result<PlatformConnection> {
    Ok(PlatformConnection {
        info: platform_info(row, 0)?,
        is_active: row.get(6)?,
        created_at: get(row, 7)?,
        last_used: get_option(row, 8)?,
    })
}

pub(crate) fn platform_credentials(row: &Row<'_>) -> Result<PlatformCredentials> {
    Ok(PlatformCredentials {
        user: UserId::from(row.get::<_, i64>(0)?),
        platform: row.get(1)?,
        sealed: SealedCredentials { key_id: row.get(2)?, sealed: row.get(3)? },
    })
}

pub(crate) fn credentials(row: &Row<'_>) -> Result<SealedCredentials> {
    Ok(SealedCredentials { key_id: row.get(0)?, sealed: row.get(1)? })
}

pub(crate) fn data_entry(row: &Row<'_>) -> Result<DataEntry> {
    Ok(DataEntry {
        key: row.get(0)?,
        value: row.get(1)?,
        revision: row.get(2)?,
        updated_at: get(row, 3)?,
    })
}

pub(crate) fn event(row: &Row<'_>) -> Result<SessionEvent> {
    Ok(SessionEvent {
        id: row.get(0)?,
        at: get(row, 1)?,
        kind: get(row, 2)?,
        user_id: get_option(row, 3)?,
        session: get_option(row, 4)?,
        actor: row.get(5)?,
        ip_address: row.get(6)?,
        user_agent: row.get(7)?,
        device: row.get(8)?,
        detail: row.get(9)?,
    })
}

pub(crate) fn counter(row: &Row<'_>) -> Result<Counter> {
    Ok(Counter {
        failures: row.get(0)?,
        slowing: row.get(1)?,
        counted_at: get(row, 2)?,
        succeeded_at: get_option(row, 3)?,
        forget_at: get(row, 4)?,
    })
}

pub(crate) fn sealed_event(row: &Row<'_>) -> Result<SealedEvent> {
    let seal = EventSeal {
        key_id: row.get(10)?,
        previous_id: row.get(11)?,
        client_digest: row.get(12)?,
        client_salt: row.get(13)?,
        short_digest: row.get(14)?,
        short_salt: row.get(15)?,
        mac: row.get(16)?,
    };
    Ok(SealedEvent { event: event(row)?, seal })
}
