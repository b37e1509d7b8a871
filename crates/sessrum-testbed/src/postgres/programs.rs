use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of the newest PostgreSQL that Debian's packages installed, or else of the search path.
pub(super) fn program(name: &str) -> PathBuf {
    newest(Path::new("/usr/lib/postgresql"))
        .or_else(on_the_search_path)
        .expect("PostgreSQL's server is missing: apt install postgresql")
        .join(name)
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(versions).ok()?.flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/initdb").is_file())
        .max_by_key(number)?;
    Some(newest.join("bin"))
}

fn on_the_search_path() -> Option<PathBuf> {
    let found = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(found.stdout).ok()?.trim());
    Some(path.parent()?.to_owned()).filter(|_| found.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_taken_by_number() {
        let versions = tempfile::tempdir().unwrap();
        for version in ["9", "15", "100", "other"] {
            let bin = versions.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            if version != "100" {
                fs::write(bin.join("initdb"), "").unwrap();
            }
        }
        assert_eq!(newest(versions.path()), Some(versions.path().join("15/bin")));
    }
}
