use std::collections::BTreeMap;
use std::fmt::Write as _;

use insta::assert_snapshot;
use rusqlite::Connection;

use super::{
    Statement, checks, compaction, data, events, jobs, platforms, sessions, throttle, tokens, users,
};

const ALL: [(&str, &[(&str, Statement)]); 10] = [
    ("checks", checks::ALL),
    ("compaction", compaction::ALL),
    ("data", data::ALL),
    ("events", events::ALL),
    ("jobs", jobs::ALL),
    ("platforms", platforms::ALL),
    ("sessions", sessions::ALL),
    ("throttle", throttle::ALL),
    ("tokens", tokens::ALL),
    ("users", users::ALL),
];

/// What reads an index from end to end, and why it may.
const READS_ALL: [(&str, &str); 4] = [
    ("sessions::COUNT_LIVE", "it counts: every live row is an answer"),
    ("sessions::END_ANY", "it takes the first live rows, whichever they are, up to a limit"),
    ("users::HAS_ANY", "the first row is the answer"),
    ("users::NAMES", "what it reads is the list that it is given; each user is found by the key"),
];

/// What sorts its rows, and why it may.
const SORTS: [(&str, &str); 3] = [
    ("events::LIST_SINCE", "by key it would read all that is older to find what is younger"),
    ("platforms::LIST", "a user has few"),
    ("platforms::LIST_ACTIVE", "a user has few"),
];

fn database() -> (tempfile::TempDir, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plans.db");
    crate::migrate(&path).unwrap();
    (directory, crate::open::writer(&path).unwrap())
}

fn plan(connection: &Connection, statement: Statement) -> Vec<String> {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.0)).unwrap();
    let mut steps = Vec::new();
    let mut rows = explain.raw_query();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

/// The plan of every statement, by its name.
fn plans() -> BTreeMap<String, Vec<String>> {
    let (_directory, connection) = database();
    let statements = ALL.iter().flat_map(|(part, statements)| {
        statements.iter().map(move |(name, statement)| (format!("{part}::{name}"), *statement))
    });
    statements.map(|(name, statement)| (name, plan(&connection, statement))).collect()
}

/// The statements that have such a step.
fn having(is_such: impl Fn(&str) -> bool) -> Vec<String> {
    let plans = plans().into_iter();
    let having = plans.filter(|(_, plan)| plan.iter().any(|step| is_such(step)));
    having.map(|(name, _)| name).collect()
}

/// Reading a table, or an index, from one end to the other.
fn is_scan(step: &str) -> bool {
    // SQLite's own list of keys has a row for each table, and no index.
    step.starts_with("SCAN") && !["SCAN CONSTANT ROW", "SCAN sqlite_sequence"].contains(&step)
}

/// A statement that takes another index is seen here.
#[test]
fn every_plan_is_the_one_that_was_meant() {
    let mut text = String::new();
    for (name, plan) in plans() {
        writeln!(text, "{name}").unwrap();
        for step in plan {
            writeln!(text, "    {step}").unwrap();
        }
    }
    assert_snapshot!(text);
}

#[test]
fn no_statement_goes_without_its_index() {
    assert_eq!(having(is_scan), READS_ALL.map(|(name, _)| name));
}

#[test]
fn a_statement_without_an_index_would_be_noticed() {
    let (_directory, connection) = database();
    let by_agent = Statement("SELECT id FROM user_sessions WHERE user_agent = ?1");
    assert!(plan(&connection, by_agent).iter().any(|step| is_scan(step)));
}

#[test]
fn lists_come_in_the_order_of_their_index() {
    assert_eq!(having(|step| step.contains("TEMP B-TREE")), SORTS.map(|(name, _)| name));
}
