//! What statements touch where sessions and their data are partitioned by the session's key.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use insta::assert_snapshot;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::tests::{ALL, CONTENTS, database};
use super::{Statement, data, sessions, sign_ins, tokens};

const PARTITIONED: &str = include_str!("../../partitions.sql");

const TOKEN: &str = "sha256('7')";
const HANDLE: &str = "decode(md5('7'), 'hex')";

/// Statements that know a session's key, or a token that leads there, with values for them.
const BY_KEY: [(&str, Statement, &[&str]); 15] = [
    ("data::DELETE", data::DELETE, &["8", "'7'"]),
    ("data::FIND", data::FIND, &["8", "'7'"]),
    ("data::LIST", data::LIST, &["8"]),
    ("data::PUT", data::PUT, &["8", "'9'", "'9'", "9", "9"]),
    ("data::REVISION", data::REVISION, &["8", "'7'"]),
    ("data::SIZE_OF_OTHERS", data::SIZE_OF_OTHERS, &["8", "'9'"]),
    ("sessions::END", sessions::END, &["9", "'logout'", "8"]),
    ("sessions::FIND", sessions::FIND, &["8"]),
    ("sessions::LOAD_BY_TOKEN", sessions::LOAD_BY_TOKEN, &[TOKEN]),
    ("sessions::NEXT_DATA_REVISION", sessions::NEXT_DATA_REVISION, &["8"]),
    ("sessions::OWNER_OF_LIVE", sessions::OWNER_OF_LIVE, &["8"]),
    ("sessions::RENEW", sessions::RENEW, &["8", "9", "true", "9", "9"]),
    ("sessions::SWITCH_PLATFORM", sessions::SWITCH_PLATFORM, &["8", "'1'", "9", "NULL"]),
    ("tokens::CONFIRM", tokens::CONFIRM, &[TOKEN, "9"]),
    ("tokens::IS_IN_USE", tokens::IS_IN_USE, &[TOKEN, "8"]),
];

/// Statements that look for sessions by something else, or by any number of keys.
const BY_OTHERS: [(&str, Statement, &[&str]); 9] = [
    ("sessions::DELETE_EACH", sessions::DELETE_EACH, &["'{8}'"]),
    ("sessions::END_EACH", sessions::END_EACH, &["9", "'logout'", "'{8}'"]),
    ("sessions::FIND_BY_HANDLE", sessions::FIND_BY_HANDLE, &[HANDLE]),
    ("sessions::ENDED_KEYS_OF_USER", sessions::ENDED_KEYS_OF_USER, &["'7'"]),
    ("sessions::KEYS_OF_USER", sessions::KEYS_OF_USER, &["'7'"]),
    ("sessions::LIST_LIVE_OF_USER", sessions::LIST_LIVE_OF_USER, &["'7'"]),
    ("sessions::LIVE_KEYS_OF_USER", sessions::LIVE_KEYS_OF_USER, &["'7'"]),
    ("sign_ins::END_REPLACED", sign_ins::END_REPLACED, &["'{8}'", "'{9}'"]),
    ("sign_ins::JUDGE", sign_ins::JUDGE, &["'{7}'", "ARRAY[decode('00', 'hex')]", "'{}'"]),
];

/// Statements that are about no session in particular, about all those of a user, about new ones, or
/// about as many as the planner takes for a good part of small partitions.
const OF_MANY: [&str; 13] = [
    "sessions::COUNT_LIVE",
    "sessions::DELETE_ENDED",
    "sessions::END_ANY",
    "sessions::END_IDLE",
    "sessions::END_TOO_OLD",
    "sessions::LEAVE_PLATFORM",
    "sessions::LIST",
    "sessions::LIST_LIVE",
    "sessions::LIST_OF_USER",
    "sessions::REVISE_OF_USER",
    "sessions::TOUCH",
    "sign_ins::EVICT",
    "sign_ins::INSERT",
];

#[test]
fn no_statement_is_left_out() {
    let listed = BY_KEY.iter().chain(&BY_OTHERS).map(|(name, ..)| *name).chain(OF_MANY);
    let listed: BTreeSet<_> = listed.map(str::to_owned).collect();
    let is_partitioned = |statement: &Statement| {
        ["user_sessions", "session_data"].iter().any(|table| statement.text.contains(table))
    };
    let mut there = BTreeSet::new();
    for (part, statements) in ALL {
        let partitioned = statements.iter().filter(|(_, statement)| is_partitioned(statement));
        there.extend(partitioned.map(|(name, _)| format!("{part}::{name}")));
    }
    assert_eq!(there, listed);
}

/// The steps that a statement has taken to read partitions, and whether each goes from one end of an
/// index, or of the partition, to the other.
async fn steps(client: &Client, statement: Statement, values: &[&str]) -> Vec<(String, bool)> {
    let types: Vec<&str> = statement.types.iter().map(Type::name).collect();
    let (types, values, text) = (types.join(", "), values.join(", "), statement.text);
    let prepare = format!("DEALLOCATE ALL; PREPARE it ({types}) AS {text}; BEGIN");
    client.batch_execute(&prepare).await.unwrap();
    let explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)";
    let explained = client.simple_query(&format!("{explain} EXECUTE it ({values})")).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    let lines = explained.unwrap().into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap().trim_start().to_owned()),
        _ => None,
    });
    let mut steps: Vec<(String, bool)> = Vec::new();
    for line in lines {
        if line.contains(" Scan ") {
            steps.push((line, true));
        } else if line.starts_with("Index Cond") {
            // Where it makes a bitmap, the step above goes by that.
            let is_bitmap = steps.last().is_some_and(|(step, _)| step.contains("Bitmap Index"));
            let bounded = steps.iter_mut().rev().take(1 + usize::from(is_bitmap));
            bounded.for_each(|(_, is_whole)| *is_whole = false);
        }
    }
    steps.retain(|(step, _)| part(step).is_some() && !step.contains("never executed"));
    steps
}

/// The partition that a step is about.
fn part(step: &str) -> Option<&str> {
    let is_partition = |word: &&str| {
        let number =
            word.strip_prefix("user_sessions_").or_else(|| word.strip_prefix("session_data_"));
        number.is_some_and(|number| number.parse::<u8>().is_ok())
    };
    step.split(' ').find(is_partition)
}

/// How many partitions of each table a statement has touched, and how many it has read as a whole.
async fn touched(client: &Client, statement: Statement, values: &[&str]) -> (usize, usize, usize) {
    let steps = steps(client, statement, values).await;
    let parts: BTreeSet<_> = steps.iter().filter_map(|(step, _)| part(step)).collect();
    let of = |table| parts.iter().filter(|part| part.starts_with(table)).count();
    let whole = steps.iter().filter(|(_, is_whole)| *is_whole).count();
    (of("user_sessions"), of("session_data"), whole)
}

#[tokio::test]
async fn who_knows_the_key_touches_one_partition_by_an_index() {
    let (client, _database) = database("partitioned", &[CONTENTS, PARTITIONED].concat()).await;
    let mut text = String::new();
    for (name, statement, values) in BY_KEY {
        let (sessions, data, whole) = touched(&client, statement, values).await;
        assert!(sessions <= 1 && data <= 1 && whole == 0, "{name}: {sessions}, {data}, {whole}");
        writeln!(text, "{name}: sessions {sessions}, data {data}").unwrap();
    }
    for (name, statement, values) in BY_OTHERS {
        let (sessions, data, whole) = touched(&client, statement, values).await;
        assert_eq!(whole, 0, "{name} reads a whole partition");
        writeln!(text, "{name}: sessions {sessions}, data {data}").unwrap();
    }
    assert_snapshot!(text);
}

/// By the hash of anything else a key would be looked for everywhere.
#[tokio::test]
async fn another_key_would_be_noticed() {
    let by_handle = PARTITIONED.replace("PARTITION BY HASH (id)", "PARTITION BY HASH (handle)");
    let by_handle = by_handle.replace("ADD PRIMARY KEY (id)", "ADD PRIMARY KEY (id, handle)");
    let without_references = by_handle
        .split_inclusive(';')
        .filter(|statement| !statement.contains("ADD FOREIGN KEY"))
        .collect::<String>();
    let (client, _database) =
        database("by_handle", &[CONTENTS, &without_references].concat()).await;
    let (sessions, ..) = touched(&client, sessions::FIND, &["8"]).await;
    assert_eq!(sessions, 16);
}
