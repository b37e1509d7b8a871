//! The table of `docs/security.md` is made of `docs/security/requirements.toml` and of the tags above
//! the tests, so that it cannot say what no test shows. How to bring it up to date is in
//! CONTRIBUTING.md.

#![cfg(test)]

mod requirements;
mod sources;
mod table;
mod tags;

use std::fs;

use requirements::Requirements;

/// Set to write the table instead of comparing it.
const UPDATE: &str = "UPDATE_SECURITY_TABLE";
const DOCUMENT: &str = "docs/security.md";
const START: &str = "<!-- The table is generated: see CONTRIBUTING.md. -->\n";
const END: &str = "<!-- The end of the generated table. -->\n";

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the test asks for the table with it")]
fn the_documented_table_is_the_one_of_the_tests() {
    let requirements = Requirements::read(&sources::text("docs/security/requirements.toml"));
    let tests = sources::tagged_tests();
    let faults = requirements.faults(&tests);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));

    let found = sources::text(DOCUMENT);
    let (before, rest) = found.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{START}\n{}\n{END}{after}", table::render(&requirements, &tests));
    if std::env::var_os(UPDATE).is_some() {
        fs::write(sources::path(DOCUMENT), wanted).unwrap();
    } else {
        assert!(found == wanted, "the table in {DOCUMENT} is old: run this with {UPDATE}=1");
    }
}
