//! From rows to the types of the core.

use sessrum_core::store::{
    DataEntry, EndedSession, LoadedSession, Page, PlatformConnection, PlatformCredentials, User,
};
use sessrum_core::throttle::Counter;
use sessrum_core::{
    EndReason, Ended, EventSeal, Key, News, PasswordHash, PlatformInfo, Predecessor, RecordedKind,
    SealedCredentials, SealedEvent, SessionEvent, SignInFacts, TokenRecord, UserFacts, UserId,
    UserInfo, UserSession,
};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, FromSqlOwned};

use crate::error::{Error, Result};
use crate::values::Sql;

/// What a statement answered.
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    /// How many rows it changed, or answered.
    pub(crate) affected: u64,
}

impl Rows {
    /// How many rows the statement changed.
    pub(crate) fn affected(&self) -> usize {
        usize::try_from(self.affected).unwrap_or(usize::MAX)
    }

    /// The first row, if there is one.
    pub(crate) fn first<T>(self, read: impl FnOnce(&Row) -> Result<T>) -> Result<Option<T>> {
        self.rows.first().map(read).transpose()
    }

    /// The row, of a statement that always has one.
    pub(crate) fn one<T>(self, read: impl FnOnce(&Row) -> Result<T>) -> Result<T> {
        self.first(read)?.ok_or_else(|| Error::unreadable("there is no row"))
    }

    /// The one value of that row.
    pub(crate) fn value<T: FromSqlOwned>(self) -> Result<T> {
        self.one(|row| plain(row, 0))
    }

    /// Every row.
    pub(crate) fn all<T, All: FromIterator<T>>(
        self,
        read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<All> {
        self.rows.iter().map(read).collect()
    }
}

/// A column's value, of a type that PostgreSQL has itself.
pub(crate) fn plain<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Result<T> {
    row.try_get(index).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Error::unreadable(cause.unwrap_or_else(|| error.to_string()))
    })
}

/// A column's value.
pub(crate) fn get<T>(row: &Row, index: usize) -> Result<T>
where
    Sql<T>: for<'a> FromSql<'a>,
{
    plain::<Sql<T>>(row, index).map(|Sql(value)| value)
}

/// A column's value where it has one.
fn get_option<T>(row: &Row, index: usize) -> Result<Option<T>>
where
    Sql<T>: for<'a> FromSql<'a>,
{
    plain::<Option<Sql<T>>>(row, index).map(|value| value.map(|Sql(value)| value))
}

/// A limit or a count as PostgreSQL takes it.
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

pub(crate) fn session(row: &Row) -> Result<UserSession> {
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
        remembered: plain(row, 9)?,
        ended,
        revision: plain(row, 12)?,
        fingerprint: get_option(row, 13)?,
        user_agent: plain(row, 14)?,
        ip_address: get_option(row, 15)?,
    })
}

pub(crate) fn loaded_session(row: &Row) -> Result<LoadedSession> {
    let user = plain::<Option<i64>>(row, 19)?.map(|_| user_facts(row, 19)).transpose()?;
    let platform = plain::<Option<i64>>(row, 25)?.map(|_| platform_info(row, 25)).transpose()?;
    let token = TokenRecord {
        issued_at: get(row, 16)?,
        first_used_at: get_option(row, 17)?,
        retired_at: get_option(row, 18)?,
    };
    let has_other_token = plain(row, 31)?;
    Ok(LoadedSession { session: session(row)?, token, has_other_token, user, platform })
}

/// What a statement that ends sessions for `reason` tells of one.
pub(crate) fn ended(row: &Row, reason: EndReason) -> Result<EndedSession> {
    Ok(EndedSession {
        id: get(row, 0)?,
        handle: get(row, 1)?,
        user_id: get(row, 2)?,
        reason,
        revision: plain(row, 3)?,
    })
}

/// A user's facts, from the column `first` on.
pub(crate) fn user_facts(row: &Row, first: usize) -> Result<UserFacts> {
    Ok(UserFacts {
        info: UserInfo {
            id: UserId::from(plain::<i64>(row, first)?),
            username: plain(row, first + 1)?,
            email: plain(row, first + 2)?,
            role: get(row, first + 3)?,
        },
        is_active: plain(row, first + 4)?,
        role_changed_at: get_option(row, first + 5)?,
    })
}

pub(crate) fn user(row: &Row) -> Result<User> {
    let facts = user_facts(row, 0)?;
    Ok(User {
        info: facts.info,
        is_active: facts.is_active,
        created_at: get(row, 6)?,
        password_changed_at: get(row, 7)?,
    })
}

pub(crate) fn sign_in_facts(row: &Row) -> Result<SignInFacts> {
    Ok(SignInFacts {
        user: user_facts(row, 0)?,
        password_hash: plain::<Option<String>>(row, 8)?.map(PasswordHash::from_phc),
        password_changed_at: get(row, 7)?,
    })
}

/// A platform's facts, from the column `first` on.
pub(crate) fn platform_info(row: &Row, first: usize) -> Result<PlatformInfo> {
    Ok(PlatformInfo {
        id: plain::<i64>(row, first)?.into(),
        name: plain(row, first + 1)?,
        platform_type: plain(row, first + 2)?,
        instance_url: plain(row, first + 3)?,
        username: plain(row, first + 4)?,
        is_default: plain(row, first + 5)?,
    })
}

pub(crate) fn platform_connection(row: &Row) -> Result<PlatformConnection> {
    Ok(PlatformConnection {
        info: platform_info(row, 0)?,
        is_active: plain(row, 6)?,
        created_at: get(row, 7)?,
        last_used: get_option(row, 8)?,
    })
}

pub(crate) fn platform_credentials(row: &Row) -> Result<PlatformCredentials> {
    Ok(PlatformCredentials {
        user: UserId::from(plain::<i64>(row, 0)?),
        platform: plain(row, 1)?,
        sealed: SealedCredentials { key_id: plain(row, 2)?, sealed: plain(row, 3)? },
    })
}

pub(crate) fn credentials(row: &Row) -> Result<SealedCredentials> {
    Ok(SealedCredentials { key_id: plain(row, 0)?, sealed: plain(row, 1)? })
}

pub(crate) fn data_entry(row: &Row) -> Result<DataEntry> {
    Ok(DataEntry {
        key: plain(row, 0)?,
        value: plain(row, 1)?,
        revision: plain(row, 2)?,
        updated_at: get(row, 3)?,
    })
}

pub(crate) fn event(row: &Row) -> Result<SessionEvent> {
    Ok(SessionEvent {
        id: plain(row, 0)?,
        at: get(row, 1)?,
        kind: get(row, 2)?,
        user_id: get_option(row, 3)?,
        session: get_option(row, 4)?,
        actor: plain(row, 5)?,
        ip_address: plain(row, 6)?,
        user_agent: plain(row, 7)?,
        device: plain(row, 8)?,
        detail: plain(row, 9)?,
    })
}

/// An event's key and what it tells, unless a newer program has written it.
pub(crate) fn news(row: &Row) -> Result<(i64, Option<News>)> {
    let kind: RecordedKind = get(row, 1)?;
    let user_id = get_option(row, 2)?;
    let session = get_option(row, 3)?;
    let news = kind.known().map(|kind| News { kind, user_id, session });
    Ok((plain(row, 0)?, news))
}

/// The last event of a chain, from the column `first` on.
pub(crate) fn predecessor(row: &Row, first: usize) -> Result<Predecessor> {
    Ok(Predecessor { id: plain(row, first)?, mac: get(row, first + 1)? })
}

pub(crate) fn counter(row: &Row) -> Result<Counter> {
    let number = |index| u32::try_from(plain::<i64>(row, index)?).map_err(Error::unreadable);
    Ok(Counter {
        failures: number(0)?,
        slowing: number(1)?,
        counted_at: get(row, 2)?,
        succeeded_at: get_option(row, 3)?,
        forget_at: get(row, 4)?,
    })
}

pub(crate) fn sealed_event(row: &Row) -> Result<SealedEvent> {
    let seal = EventSeal {
        key_id: plain(row, 10)?,
        previous_id: plain(row, 11)?,
        client_digest: get_option(row, 12)?,
        client_salt: get_option(row, 13)?,
        short_digest: get_option(row, 14)?,
        short_salt: get_option(row, 15)?,
        mac: get(row, 16)?,
    };
    Ok(SealedEvent { event: event(row)?, seal })
}
