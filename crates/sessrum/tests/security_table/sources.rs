//! The files of the workspace.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tags::{Suites, TaggedTest, tagged_in};

/// A file by its path from the root.
pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The tagged tests of all crates, by file and in the order in which they stand there.
pub(crate) fn tagged_tests() -> Vec<TaggedTest> {
    let suites = Suites {
        store: text("crates/sessrum-conformance/src/store_suite.rs"),
        manager: text("crates/sessrum-conformance/src/manager/suite.rs"),
        tampering: text("crates/sessrum-conformance/src/database/tampering.rs"),
    };
    let (mut tests, mut faults) = (Vec::new(), Vec::new());
    for file in rust_files() {
        match tagged_in(&file, &text(&file), &suites) {
            Ok(found) => tests.extend(found),
            Err(found) => faults.extend(found),
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    tests
}

/// All of `crates`, by path from the root, but what reads tags itself and has examples of wrong ones.
fn rust_files() -> Vec<String> {
    let (mut folders, mut files) = (vec!["crates".to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(path(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(name);
            } else if Path::new(&name).extension() == Some(OsStr::new("rs"))
                && !name.contains("/security_table/")
            {
                files.push(name);
            }
        }
    }
    files.sort();
    assert!(files.len() > 200, "{files:?}");
    files
}
