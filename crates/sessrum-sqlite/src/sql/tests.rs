use rusqlite::Connection;

use super::{Statement, checks, data, events, platforms, sessions, tokens, users};

const ALL: [&[(&str, Statement)]; 7] =
    [checks::ALL, data::ALL, events::ALL, platforms::ALL, sessions::ALL, tokens::ALL, users::ALL];

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

/// Reading a table, or an index, from one end to the other.
fn is_scan(step: &str) -> bool {
    // SQLite's own list of keys has a row for each table, and no index.
    step.starts_with("SCAN") && !["SCAN CONSTANT ROW", "SCAN sqlite_sequence"].contains(&step)
}

#[test]
fn no_statement_goes_without_its_index() {
    let (_directory, connection) = database();
    let mut seen = 0;
    for (name, statement) in ALL.concat() {
        let plan = plan(&connection, statement);
        assert!(!plan.iter().any(|step| is_scan(step)), "{name}: {plan:#?}");
        seen += 1;
    }
    assert!(seen > 40, "only {seen} statements were looked at");
}

#[test]
fn a_statement_without_an_index_would_be_noticed() {
    let (_directory, connection) = database();
    let by_agent = Statement("SELECT id FROM user_sessions WHERE user_agent = ?1");
    assert!(plan(&connection, by_agent).iter().any(|step| is_scan(step)));
}

#[test]
fn lists_come_in_the_order_of_their_index() {
    let (_directory, connection) = database();
    let in_order = [
        sessions::BEYOND_CAP,
        sessions::END_ANY,
        sessions::END_TOO_OLD,
        sessions::END_IDLE,
        sessions::DELETE_ENDED,
        sessions::LIST,
        sessions::LIST_LIVE,
        sessions::LIST_LIVE_OF_USER,
        sessions::LIST_OF_USER,
        events::LIST,
        events::LIST_OF_USER,
        events::LIST_OF_KIND,
        events::LIST_SEALED,
        events::WITH_CLIENT_BEFORE,
        users::LIST,
    ];
    for statement in in_order {
        let plan = plan(&connection, statement);
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
    }
}
