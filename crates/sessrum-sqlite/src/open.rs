//! Opening and migrating.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::open_error::OpenError;
use crate::sql::users;

/// How long a connection waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// More than there are statements, so that each stays prepared.
const PREPARED_STATEMENTS: usize = 128;

/// What every SQLite database begins with.
const HEADER: &[u8] = b"SQLite format 3\0";

/// A name of its own, since the application may keep its tables in the same file.
const HISTORY: &str = "sessrum_schema_history";

mod embedded {
    refinery::embed_migrations!();
}

/// Makes the file if there is none, and brings its tables up to date. Answers the versions that
/// were applied.
///
/// # Errors
/// [`OpenError`] says what stands in the way.
pub fn migrate(path: impl AsRef<Path>) -> Result<Vec<i32>, OpenError> {
    let path = &absolute(path.as_ref())?;
    create_file(path)?;
    let mut connection = connect(path)?;
    let known = known_version();
    match applied_version(path, &mut connection)? {
        found if found > known => {
            return Err(OpenError::NewerSchema { path: path.clone(), found, known });
        }
        found if found == known => return Ok(Vec::new()),
        _ => {}
    }
    match runner().set_grouped(true).run(&mut connection) {
        Ok(report) => {
            Ok(report.applied_migrations().iter().map(refinery::Migration::version).collect())
        }
        // Another process was faster.
        Err(_) if applied_version(path, &mut connection)? == known => Ok(Vec::new()),
        Err(error) => Err(OpenError::of_migration(path, error)),
    }
}

/// Makes sure that a database's tables are up to date.
///
/// # Errors
/// [`OpenError`] says what stands in the way.
pub fn check_schema(path: impl AsRef<Path>) -> Result<(), OpenError> {
    writer(&absolute(path.as_ref())?).map(drop)
}

/// The connection that writes, to a database whose tables are up to date.
pub(crate) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = connect(path)?;
    let known = known_version();
    match applied_version(path, &mut connection)? {
        found if found > known => {
            Err(OpenError::NewerSchema { path: path.to_path_buf(), found, known })
        }
        found if found < known => Err(OpenError::NotMigrated(path.to_path_buf())),
        _ => prepare(&connection)
            .map_err(|error| OpenError::of_sqlite(path, error))
            .map(|()| connection),
    }
}

/// A connection that reads.
pub(crate) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    Ok(connection)
}

/// Whether a database that has been [migrated](migrate) has users.
///
/// # Errors
/// [`OpenError`] says what stands in the way.
pub fn has_users(path: impl AsRef<Path>) -> Result<bool, OpenError> {
    let path = &absolute(path.as_ref())?;
    let found = reader(path).and_then(|connection| users::HAS_ANY.value(&connection, []));
    found.map_err(|error| OpenError::of_sqlite(path, error))
}

/// What SQLite finds wrong with the file; nothing when it is whole.
///
/// # Errors
/// [`OpenError`] says what stands in the way.
pub fn check_file(path: impl AsRef<Path>) -> Result<Vec<String>, OpenError> {
    let path = &absolute(path.as_ref())?;
    let check = |connection: Connection| {
        let mut query = connection.prepare("PRAGMA quick_check(10)")?;
        query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
    };
    let found = reader(path).and_then(check).map_err(|error| OpenError::of_sqlite(path, error))?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

/// SQLite takes names such as `:memory:` and `file:…` for something else than files; no absolute
/// path is one.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, OpenError> {
    let absolute = std::path::absolute(path).map_err(|error| OpenError::of_io(path, error))?;
    let is_something_else = fs::metadata(&absolute).is_ok_and(|found| !found.is_file());
    if is_something_else { Err(OpenError::NotAFile(absolute)) } else { Ok(absolute) }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    // Reading opens the journal: only a connection that has it open folds it in when it closes.
    connection.pragma_query_value(None, "schema_version", |_| Ok(()))
}

/// SQLite would make a file that others may read; its journals take the file's mode.
fn create_file(path: &Path) -> Result<(), OpenError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(OpenError::of_io(path, error))
        }
        _ => Ok(()),
    }
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) if path.parent().is_some_and(Path::exists) => {
            return Err(OpenError::NotMigrated(path.to_path_buf()));
        }
        Ok(false) => return Err(OpenError::DirectoryMissing(path.to_path_buf())),
        Err(error) => return Err(OpenError::of_io(path, error)),
    }
    check_header(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<_> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // Only what has been read tells whether the file is a database and can be written.
        connection.pragma_query_value(None, "schema_version", |_| Ok(()))?;
        let is_read_only = connection.is_readonly("main")?;
        Ok((connection, is_read_only))
    };
    match open() {
        Ok((connection, false)) => Ok(connection),
        Ok((_, true)) => Err(OpenError::ReadOnly(path.to_path_buf())),
        // The file was just read, so it is writing that SQLite could not prepare for.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
            Err(OpenError::ReadOnly(path.to_path_buf()))
        }
        Err(error) => Err(OpenError::of_sqlite(path, error)),
    }
}

/// SQLite takes a file that is shorter than its header for an empty one, and would write over it.
fn check_header(path: &Path) -> Result<(), OpenError> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEADER.len() as u64).read_to_end(&mut start))
        .map_err(|error| OpenError::of_io(path, error))?;
    if start.is_empty() || start == HEADER {
        Ok(())
    } else {
        Err(OpenError::Corrupt { path: path.to_path_buf(), source: "it has another header".into() })
    }
}

fn runner() -> refinery::Runner {
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name(HISTORY);
    runner
}

fn known_version() -> i32 {
    runner().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

/// The version of the tables; 0 when there are none.
fn applied_version(path: &Path, connection: &mut Connection) -> Result<i32, OpenError> {
    let exists = connection
        .table_exists(None, HISTORY)
        .map_err(|error| OpenError::of_sqlite(path, error))?;
    if !exists {
        return Ok(0);
    }
    let last = runner().get_last_applied_migration(connection);
    let last = last.map_err(|error| OpenError::of_migration(path, error))?;
    Ok(last.map_or(0, |migration| migration.version()))
}
