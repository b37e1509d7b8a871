//! What opening says when something stands in the way, and what it leaves behind.

use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use rusqlite::Connection;
use sessrum_core::store::{SessionStore as _, StoreError, StoreErrorKind};
use sessrum_sqlite::{OpenError, SqliteStore, check_file, migrate};
use tempfile::TempDir;

use crate::support::sealer;

fn migrated() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    migrate(&path).unwrap();
    (directory, path)
}

/// One sentence that names the file and goes on with what to do.
fn assert_helpful(error: &OpenError, path: &Path, advice: &str) {
    let text = error.to_string();
    assert!(text.starts_with(&path.display().to_string()), "{text}");
    assert!(text.contains(advice), "{text}");
    assert!(!text.contains('\n'), "{text}");
}

#[test]
fn a_missing_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("none").join("sessions.db");
    for error in [migrate(&path).unwrap_err(), SqliteStore::open(&path, sealer()).unwrap_err()] {
        assert!(matches!(error, OpenError::DirectoryMissing(_)), "{error:?}");
        assert_helpful(&error, &path, "create the directory");
    }
}

#[test]
fn a_directory_is_no_database() {
    let directory = tempfile::tempdir().unwrap();
    for error in [
        migrate(directory.path()).unwrap_err(),
        SqliteStore::open(directory.path(), sealer()).unwrap_err(),
    ] {
        assert!(matches!(error, OpenError::NotAFile(_)), "{error:?}");
        assert_helpful(&error, directory.path(), "name the file");
    }
}

#[test]
fn a_database_that_was_not_migrated_is_refused_and_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let error = SqliteStore::open(&path, sealer()).unwrap_err();
    assert!(matches!(error, OpenError::NotMigrated(_)), "{error:?}");
    assert_helpful(&error, &path, "run `sessrum migrate`");
    assert!(!path.exists());

    fs::write(&path, []).unwrap();
    let error = SqliteStore::open(&path, sealer()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotMigrated);
}

#[test]
fn a_newer_schema_is_refused() {
    let (_directory, path) = migrated();
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "INSERT INTO sessrum_schema_history (version, name, applied_on, checksum)
             VALUES (999, 'later', '2030-01-01T00:00:00Z', '1')",
        )
        .unwrap();
    for error in [migrate(&path).unwrap_err(), SqliteStore::open(&path, sealer()).unwrap_err()] {
        assert!(matches!(error, OpenError::NewerSchema { found: 999, .. }), "{error:?}");
        assert_helpful(&error, &path, "upgrade the program");
        assert_eq!(StoreError::from(error).kind(), StoreErrorKind::NewerSchema);
    }
}

#[test]
fn bytes_that_are_no_database_are_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let bytes = b"this is a letter, not a database; ".repeat(100);
    fs::write(&path, &bytes).unwrap();
    for error in [migrate(&path).unwrap_err(), SqliteStore::open(&path, sealer()).unwrap_err()] {
        assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
        assert_helpful(&error, &path, "restore a backup");
        assert!(error.source().is_some());
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_file_too_short_for_a_database_is_not_written_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let letters = b"SQLite format 2\0";
    for size in 1..=letters.len() {
        for bytes in [&letters[..size], &b"x".repeat(size)] {
            fs::write(&path, bytes).unwrap();
            for error in
                [SqliteStore::open(&path, sealer()).unwrap_err(), migrate(&path).unwrap_err()]
            {
                assert!(matches!(error, OpenError::Corrupt { .. }), "{size}: {error:?}");
                assert_helpful(&error, &path, "restore a backup");
            }
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }
}

/// Whoever prints an error with its causes says each thing once.
#[test]
fn a_cause_is_told_once() {
    let (_directory, path) = migrated();
    let mut bytes = fs::read(&path).unwrap();
    bytes[16..18].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let error = SqliteStore::open(&path, sealer()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error:?}");
    let cause = error.source().unwrap();
    assert_eq!(cause.to_string(), "file is not a database");
    assert!(cause.source().is_none());
}

#[test]
fn a_damaged_database_is_refused() {
    let (_directory, path) = migrated();
    let mut bytes = fs::read(&path).unwrap();
    // The list of tables is in the first page, after the file's header of 100 bytes.
    bytes[100..200].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let error = SqliteStore::open(&path, sealer()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error:?}");
}

#[tokio::test]
async fn checking_the_file_tells_damage() {
    let (_directory, path) = migrated();
    assert!(check_file(&path).unwrap().is_empty());
    let mut bytes = fs::read(&path).unwrap();
    // A page after the first holds a table or an index.
    let page = bytes.len() - 4096;
    bytes[page..page + 64].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let found = check_file(&path);
    assert!(found.as_ref().map_or_else(|e| e.kind() == StoreErrorKind::Corrupt, |f| !f.is_empty()));
    fs::write(&path, "no database").unwrap();
    assert_eq!(check_file(&path).unwrap_err().kind(), StoreErrorKind::Corrupt);
}

#[test]
fn a_database_that_cannot_be_written_is_refused() {
    let (_directory, path) = migrated();
    let mut bytes = fs::read(&path).unwrap();
    // A write version that SQLite does not know makes the file read-only, for every user.
    bytes[18] = 3;
    fs::write(&path, bytes).unwrap();
    for error in [migrate(&path).unwrap_err(), SqliteStore::open(&path, sealer()).unwrap_err()] {
        assert!(matches!(error, OpenError::ReadOnly(_)), "{error:?}");
        assert_helpful(&error, &path, "write access");
    }
}

/// A file system of a few pages in memory, taken away in the end. None without the right to mount.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let is_mounted = disk.run("mount", &["-t", "tmpfs", "-o", "size=400k", "tmpfs"]);
        if !is_mounted {
            eprintln!("left out: a small disk cannot be mounted here");
        }
        is_mounted.then_some(disk)
    }

    fn run(&self, command: &str, arguments: &[&str]) -> bool {
        let mut command = std::process::Command::new(command);
        let command = command.args(arguments).arg(self.0.path());
        command.output().is_ok_and(|output| output.status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.run("umount", &[]);
    }
}

#[test]
fn a_database_on_a_disk_that_is_only_read_says_so() {
    let Some(disk) = SmallDisk::mount() else { return };
    let path = disk.0.path().join("sessions.db");
    drop(SqliteStore::open_and_migrate(&path, sealer()).unwrap());
    assert!(disk.run("mount", &["-o", "remount,ro"]));
    for error in [migrate(&path).unwrap_err(), SqliteStore::open(&path, sealer()).unwrap_err()] {
        assert!(matches!(error, OpenError::ReadOnly(_)), "{error:?}");
        assert_helpful(&error, &path, "write access");
    }
}

/// The same without a mount: SQLite cannot make what it needs beside the file.
#[cfg(unix)]
#[test]
fn a_database_in_a_directory_that_takes_no_files_says_so() {
    let (_directory, path) = migrated();
    drop(SqliteStore::open(&path, sealer()).unwrap());
    std::os::unix::fs::symlink("nowhere", path.with_extension("db-shm")).unwrap();
    for error in [migrate(&path).unwrap_err(), SqliteStore::open(&path, sealer()).unwrap_err()] {
        assert!(matches!(error, OpenError::ReadOnly(_)), "{error:?}");
        assert_helpful(&error, &path, "its directory");
    }
}

#[test]
fn a_full_disk_is_named() {
    let Some(disk) = SmallDisk::mount() else { return };
    fs::write(disk.0.path().join("others"), vec![0; 350 * 1024]).unwrap();
    let path = disk.0.path().join("sessions.db");
    let error = migrate(&path).unwrap_err();
    assert!(matches!(error, OpenError::Full(_)), "{error:?}");
    assert_helpful(&error, &path, "make room");
    fs::remove_file(disk.0.path().join("others")).unwrap();
    assert_eq!(migrate(&path).unwrap(), [1]);
}

#[test]
fn tables_of_another_program_with_the_same_names_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("application.db");
    let application = Connection::open(&path).unwrap();
    application.execute_batch("CREATE TABLE users (name TEXT)").unwrap();
    let error = migrate(&path).unwrap_err();
    assert!(matches!(error, OpenError::Failed { .. }), "{error:?}");
    assert_helpful(&error, &path, "choose another path");
    assert!(!application.table_exists(None, "user_sessions").unwrap());
}

#[tokio::test]
async fn migrating_again_changes_nothing_even_beside_an_open_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    assert_eq!(migrate(&path).unwrap(), [1]);
    let store = SqliteStore::open(&path, sealer()).unwrap();
    assert!(migrate(&path).unwrap().is_empty());
    store.check().await.unwrap();
}

#[test]
fn many_may_migrate_at_once() {
    for _ in 0..10 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sessions.db");
        fs::write(&path, []).unwrap();
        let start = Barrier::new(8);
        let applied: usize = std::thread::scope(|scope| {
            let migrate = || {
                start.wait();
                migrate(&path).unwrap().len()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(migrate)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(applied, 1);
    }
}

#[test]
fn names_that_mean_something_else_to_sqlite_are_files() {
    for name in [":memory:", "file:sessions.db?mode=memory"] {
        let error = SqliteStore::open(name, sealer()).unwrap_err();
        assert!(matches!(error, OpenError::NotMigrated(_)), "{error:?}");
        assert_helpful(&error, &std::path::absolute(name).unwrap(), "run `sessrum migrate`");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_the_file_or_its_journals() {
    use std::os::unix::fs::PermissionsExt as _;

    let (directory, path) = migrated();
    let store = SqliteStore::open(&path, sealer()).unwrap();
    store.check().await.unwrap();
    let mut files = 0;
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
        files += 1;
    }
    assert_eq!(files, 3);
}

#[tokio::test]
async fn closing_folds_the_journal_into_the_file() {
    let (directory, path) = migrated();
    let store = SqliteStore::open(&path, sealer()).unwrap();
    store.check().await.unwrap();
    drop(store);
    let left: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [path]);
}

/// A file that is taken away under a running server would still take writes, and lose them.
#[tokio::test]
async fn a_file_that_was_moved_or_replaced_is_neither_written_nor_read() {
    let (directory, path) = migrated();
    let store = SqliteStore::open(&path, sealer()).unwrap();
    store.check().await.unwrap();
    let elsewhere = directory.path().join("moved.db");
    fs::rename(&path, &elsewhere).unwrap();
    assert_eq!(store.check().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    migrate(&path).unwrap();
    assert_eq!(store.count_live().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let error = store.check().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("moved, removed or replaced"), "{cause}");
    fs::rename(&elsewhere, &path).unwrap();
    store.check().await.unwrap();
    assert_eq!(store.count_live().await.unwrap(), 0);
}
