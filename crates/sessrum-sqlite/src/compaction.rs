use std::path::Path;

use rusqlite::{Connection, Result};
use sessrum_core::store::{StoreError, StoreErrorKind};

use crate::error::store_error;
use crate::open;
use crate::sql::compaction as sql;

/// Writes the whole database anew, without what was removed, and empties the journal.
pub(crate) fn compact(path: &Path) -> std::result::Result<(), StoreError> {
    let connection = open::writer(path)?;
    // Taken first: whoever is forgotten meanwhile may be in the file still.
    let due = last_due(&connection).map_err(store_error)?;
    connection.execute_batch("VACUUM").map_err(store_error)?;
    let is_busy = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(store_error)?;
    if is_busy {
        return Err(StoreErrorKind::Unavailable.into());
    }
    sql::DONE_UP_TO.execute(&connection, [due]).map_err(store_error)?;
    Ok(())
}

/// The last compaction that was asked for, if any is due.
pub(crate) fn last_due(connection: &Connection) -> Result<Option<i64>> {
    sql::LAST_DUE.value(connection, [])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_meanwhile_stays_due() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        open::migrate(&path).unwrap();
        let connection = open::writer(&path).unwrap();
        sql::ASK_FOR.execute(&connection, []).unwrap();
        let due = last_due(&connection).unwrap();
        // Another is faster, and somebody else is forgotten.
        compact(&path).unwrap();
        sql::ASK_FOR.execute(&connection, []).unwrap();
        sql::DONE_UP_TO.execute(&connection, [due]).unwrap();
        assert!(last_due(&connection).unwrap() > due);
    }
}
