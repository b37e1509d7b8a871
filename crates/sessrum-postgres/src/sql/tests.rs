use std::collections::BTreeMap;
use std::fmt::Write as _;

use insta::assert_snapshot;
use sessrum_testbed::{Database, Postgres};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::{
    Statement, checks, compaction, data, events, examine, instances, jobs, platforms, schema,
    sessions, sign_ins, throttle, tokens, users,
};
use crate::PostgresOptions;

pub(super) const ALL: [(&str, &[(&str, Statement)]); 14] = [
    ("checks", checks::ALL),
    ("compaction", compaction::ALL),
    ("data", data::ALL),
    ("events", events::ALL),
    ("examine", examine::ALL),
    ("instances", instances::ALL),
    ("jobs", jobs::ALL),
    ("platforms", platforms::ALL),
    ("schema", schema::ALL),
    ("sessions", sessions::ALL),
    ("sign_ins", sign_ins::ALL),
    ("throttle", throttle::ALL),
    ("tokens", tokens::ALL),
    ("users", users::ALL),
];

/// What reads an index from end to end, and why it may.
const READS_ALL: [(&str, &str); 11] = [
    ("compaction::IS_VACUUMED", "a server has few tables"),
    ("compaction::LAST_DUE", "there is one for each user that was forgotten since the last time"),
    ("compaction::MAY_VACUUM", "a server has few tables"),
    ("examine::CONNECTIONS_LEFT", "a server has few databases"),
    ("examine::INSTANCES", "it counts"),
    ("instances::OTHERS", "there is one for each program"),
    ("instances::STRIKE_OFF", "there is one for each program"),
    ("schema::VERSION", "there is one for each migration"),
    ("sessions::COUNT_LIVE", "it counts: every live row is an answer"),
    ("sessions::END_ANY", "it takes the first live rows, whichever they are, up to a limit"),
    ("users::HAS_ANY", "the first row is the answer"),
];

/// What does so as long as PostgreSQL has not counted, and why it may.
const UNTIL_COUNTED: (&str, &str) =
    ("sessions::TOUCH", "it comes once a second, and PostgreSQL counts within a minute");

/// What sorts its rows, and why it may.
const SORTS: [(&str, &str); 5] = [
    ("events::LIST_SINCE", "by key it would read all that is older to find what is younger"),
    ("platforms::LIST", "a user has few"),
    ("platforms::LIST_ACTIVE", "a user has few"),
    ("sessions::LIST_LIVE_OF_USER", "a user has few"),
    ("sessions::TOUCH", "rows are locked in the order of their keys"),
];

/// Enough in each table for PostgreSQL to go by its indexes.
pub(super) const CONTENTS: &str = "
INSERT INTO users (username, username_folded, email, role, created_at, password_changed_at)
    SELECT n, n, n || '@example.org', 'viewer', n, n FROM generate_series(1, 5000) n;
INSERT INTO platform_connections
    (user_id, name, platform_type, instance_url, username, is_default, created_at)
    SELECT n % 5000 + 1, n, 'a', n, n, false, n FROM generate_series(1, 20000) n;
INSERT INTO user_sessions (handle, user_id, created_at, updated_at, last_activity,
    authenticated_at, expires_at, remembered, ended_at, end_reason)
    SELECT decode(md5(n::text), 'hex'), n % 5000 + 1, n, n, n, n, n, n % 2 = 0,
    CASE WHEN n % 3 = 0 THEN n END, CASE WHEN n % 3 = 0 THEN 'logout' END
    FROM generate_series(1, 20000) n;
INSERT INTO session_tokens (token_hash, session_id, issued_at)
    SELECT sha256(n::text::bytea), n % 20000 + 1, n FROM generate_series(1, 40000) n;
INSERT INTO session_data (session_id, key, value, revision, updated_at)
    SELECT n % 20000 + 1, n, n, n, n FROM generate_series(1, 40000) n;
INSERT INTO session_events (id, at, kind, user_id, actor, device, detail, seal_key_id, client_salt,
    mac)
    SELECT n, n, CASE WHEN n % 2 = 0 THEN 'signed_in' ELSE 'session_ended' END,
    CASE WHEN n % 9 > 0 THEN n % 5000 + 1 END, 'user ' || n % 5000 + 1, n % 7, '', '',
    CASE WHEN n > 45000 THEN decode(md5(n::text), 'hex') END, sha256(n::text::bytea)
    FROM generate_series(1, 50000) n;
INSERT INTO sign_in_counters (account, place, failures, slowing, counted_at, forget_at)
    SELECT decode(md5((n % 5000)::text), 'hex'), decode(md5(n::text), 'hex'), 1, 1, n, n
    FROM generate_series(1, 20000) n;
ANALYZE;
";

/// How many rows there are, and what PostgreSQL knows of it.
#[derive(Clone, Copy)]
enum Rows {
    Many,
    /// As on the first day: it has never counted, and assumes what it likes.
    None,
}

/// A database with contents, and a connection on which plans do not depend on what is asked for, as where
/// they are kept, and none reads a whole table because it is small.
pub(super) async fn database(name: &str, contents: &str) -> (Client, Database) {
    let prepare = async |url: String| {
        crate::migrate(&PostgresOptions::new(&url)).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(contents).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    };
    let database = Postgres::shared().await.prepared_database(name, prepare).await;
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let settings = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan";
    client.batch_execute(settings).await.unwrap();
    (client, database)
}

impl Rows {
    async fn database(self) -> (Client, Database) {
        match self {
            Self::Many => database("many_rows", CONTENTS).await,
            Self::None => database("no_rows", "").await,
        }
    }
}

/// The steps of a statement's plan that read a table or sort.
async fn plan(client: &Client, statement: Statement) -> Vec<String> {
    let types: Vec<&str> = statement.types.iter().map(Type::name).collect();
    let (types, values) = match types[..] {
        [] => (String::new(), String::new()),
        _ => (
            format!("({})", types.join(", ")),
            format!("({})", vec!["NULL"; types.len()].join(", ")),
        ),
    };
    let text = statement.text;
    client.batch_execute(&format!("DEALLOCATE ALL; PREPARE it {types} AS {text}")).await.unwrap();
    let explained = client.simple_query(&format!("EXPLAIN (COSTS OFF) EXECUTE it {values}")).await;
    let mut steps = Vec::new();
    for message in explained.unwrap() {
        let SimpleQueryMessage::Row(row) = message else { continue };
        let line = row.get(0).unwrap().trim_start().trim_start_matches("->").trim_start();
        if line.contains(" Scan ") || line.starts_with("Index Cond") || line.starts_with("Sort Key")
        {
            steps.push(line.to_owned());
        }
    }
    steps
}

/// The plan of every statement, by its name.
async fn plans(rows: Rows) -> BTreeMap<String, Vec<String>> {
    let (client, _database) = rows.database().await;
    let mut plans = BTreeMap::new();
    for (part, statements) in ALL {
        for (name, statement) in statements {
            plans.insert(format!("{part}::{name}"), plan(&client, *statement).await);
        }
    }
    plans
}

/// The statements that have such a plan.
async fn having(rows: Rows, is_such: impl Fn(&[String]) -> bool) -> Vec<String> {
    let plans = plans(rows).await.into_iter();
    plans.filter(|(_, plan)| is_such(plan)).map(|(name, _)| name).collect()
}

/// Reading a table, or an index, from one end to the other.
fn has_scan(plan: &[String]) -> bool {
    let next = plan.iter().skip(1).map(String::as_str).chain([""]);
    plan.iter().zip(next).any(|(step, next)| {
        let is_bounded = next.starts_with("Index Cond") && next != "Index Cond: (id > 0)";
        step.starts_with("Seq Scan") || (index(step).is_some() && !is_bounded)
    })
}

/// The index that a step goes by.
fn index(step: &str) -> Option<&str> {
    let by_index = step.strip_prefix("Index").or_else(|| step.strip_prefix("Bitmap Index"))?;
    let (_, named) = by_index.split_once(" using ").or_else(|| by_index.split_once(" on "))?;
    named.split(' ').next()
}

/// A statement that takes another index is seen here.
#[tokio::test]
async fn every_plan_is_the_one_that_was_meant() {
    let mut text = String::new();
    for (name, plan) in plans(Rows::Many).await {
        let indexes: Vec<&str> = plan.iter().filter_map(|step| index(step)).collect();
        writeln!(text, "{name}: {}", indexes.join(", ")).unwrap();
    }
    assert_snapshot!(text);
}

#[tokio::test]
async fn no_statement_goes_without_its_index() {
    let may = READS_ALL.map(|(name, _)| name);
    assert_eq!(having(Rows::Many, has_scan).await, may);
    let found = having(Rows::None, has_scan).await;
    let is_allowed = |name: &String| may.contains(&name.as_str()) || name == UNTIL_COUNTED.0;
    assert!(found.iter().all(is_allowed), "{found:?}");
}

#[tokio::test]
async fn a_statement_without_an_index_would_be_noticed() {
    let (client, _database) = Rows::Many.database().await;
    let by_agent = "SELECT id FROM user_sessions WHERE user_agent = $1";
    let by_agent = Statement { text: by_agent, types: &[Type::TEXT] };
    assert!(has_scan(&plan(&client, by_agent).await));
    let live =
        "SELECT expires_at FROM user_sessions WHERE ended_at IS NULL AND expires_at + 1 = $1";
    let live = Statement { text: live, types: &[Type::INT8] };
    assert!(has_scan(&plan(&client, live).await));
}

#[tokio::test]
async fn lists_come_in_the_order_of_their_index() {
    let sorts = |plan: &[String]| plan.iter().any(|step| step.starts_with("Sort Key"));
    assert_eq!(having(Rows::Many, sorts).await, SORTS.map(|(name, _)| name));
}
