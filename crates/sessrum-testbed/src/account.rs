//! Who the servers run as: PostgreSQL and PgBouncer refuse to run as root.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

struct Account {
    user: u32,
    group: u32,
}

/// None when the tests do not run as root: then the servers run as the tests do.
static ACCOUNT: LazyLock<Option<Account>> = LazyLock::new(|| {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = accounts.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
        Some(Account { user: ids.next()?, group: ids.next()? })
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("no account postgres or nobody"))
});

/// An empty directory of the servers' account.
pub(crate) fn directory() -> TempDir {
    directory_in(&std::env::temp_dir())
}

/// One in another directory.
pub(crate) fn directory_in(parent: &Path) -> TempDir {
    let directory = tempfile::Builder::new().prefix("sessrum-testbed-").tempdir_in(parent).unwrap();
    give(directory.path());
    directory
}

/// Writes a file that the servers' account alone can read.
pub(crate) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    give(path);
}

/// A program run by the servers' account. Its output is not the test's: who waits for the end of
/// that would wait for the server.
pub(crate) fn command(program: impl AsRef<Path>, directory: &Path) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(account) = &*ACCOUNT {
        command.uid(account.user).gid(account.group);
    }
    command
}

fn give(path: &Path) {
    if let Some(account) = &*ACCOUNT {
        chown(path, Some(account.user), Some(account.group)).unwrap();
    }
}
