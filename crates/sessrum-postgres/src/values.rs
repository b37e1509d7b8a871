//! Between the types of the core and what PostgreSQL holds.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;

use bytes::BytesMut;
use sessrum_core::store::{StoreError, StoreErrorKind};
use sessrum_core::throttle::Mark;
use sessrum_core::{
    EndReason, EventKind, Key, PlatformId, RecordedKind, Role, SessionFingerprint, SessionHandle,
    SessionId, Timestamp, TokenHash, UserId,
};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

type Fallible<T> = Result<T, Box<dyn Error + Sync + Send>>;

/// A value of the core as a column holds it.
#[derive(Clone)]
pub(crate) struct Sql<T>(pub(crate) T);

impl<T> fmt::Debug for Sql<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Where `T` has one column type that stands for it: how it goes in, how it comes out.
macro_rules! column {
    ($type:ty as $held:ty, |$value:ident| $to:expr, |$column:ident| $from:expr) => {
        impl ToSql for Sql<$type> {
            fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Fallible<IsNull> {
                let $value = &self.0;
                ToSql::to_sql(&$to, of, out)
            }

            fn accepts(of: &Type) -> bool {
                <$held as ToSql>::accepts(of)
            }

            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for Sql<$type> {
            fn from_sql(of: &Type, raw: &'a [u8]) -> Fallible<Self> {
                let $column = <$held as FromSql>::from_sql(of, raw)?;
                Ok(Sql($from))
            }

            fn accepts(of: &Type) -> bool {
                <$held as FromSql>::accepts(of)
            }
        }
    };
}

column!(Timestamp as i64, |at| at.as_micros(), |micros| Timestamp::from_micros(micros));
column!(SessionId as i64, |id| id.0, |id| SessionId(id));
column!(TokenHash as &[u8], |hash| &hash.as_bytes()[..], |bytes| {
    TokenHash::from_bytes(bytes.try_into()?)
});
column!(SessionHandle as &[u8], |handle| &handle.as_bytes()[..], |bytes| {
    SessionHandle::from_bytes(bytes.try_into()?)
});
column!(SessionFingerprint as &[u8], |print| &print.to_bytes()[..], |bytes| {
    SessionFingerprint::from_bytes(bytes).ok_or("no fingerprint")?
});
column!(Mark as &[u8], |mark| &mark.0[..], |bytes| Mark(bytes.try_into()?));
column!([u8; 16] as &[u8], |salt| &salt[..], |bytes| bytes.try_into()?);
column!([u8; 32] as &[u8], |digest| &digest[..], |bytes| bytes.try_into()?);
column!(UserId as &str, |id| json(&id.0)?, |text| UserId(key(text)?));
column!(PlatformId as &str, |id| json(&id.0)?, |text| PlatformId(key(text)?));
column!(IpAddr as &str, |address| address.to_string(), |text| text.parse()?);
column!(EndReason as &str, |reason| reason.as_str(), |text| text.parse()?);
column!(EventKind as &str, |kind| kind.as_str(), |text| text.parse()?);
column!(RecordedKind as &str, |kind| kind.as_str(), |text| RecordedKind::from(text));
column!(Role as &str, |role| role.as_str(), |text| text.parse()?);

/// A key as JSON writes it: `7` or `"7"`.
fn json(key: &Key) -> Fallible<String> {
    Ok(serde_json::to_string(key)?)
}

fn key(text: &str) -> Fallible<Key> {
    Ok(serde_json::from_str(text)?)
}

/// A text as PostgreSQL can hold it, which has no place for NUL.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if has_nul(text) { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// Whether no row can hold this text.
pub(crate) fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

/// Refuses texts that would come back as others. Callers have rules of their own that let none
/// through.
pub(crate) fn check_storable(texts: &[&str]) -> Result<(), StoreError> {
    if texts.iter().any(|text| has_nul(text)) {
        let why = "PostgreSQL holds no text with a NUL character";
        return Err(StoreError::new(StoreErrorKind::Failed, why));
    }
    Ok(())
}
