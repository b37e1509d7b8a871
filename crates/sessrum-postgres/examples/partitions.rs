//! What it means for look-ups and changes that sessions are partitioned by the hash of their key, at
//! five million of them:
//!
//! ```sh
//! cargo run --release -p sessrum-postgres --example partitions
//! ```
//!
//! (or as many as are named behind `--`). It starts a PostgreSQL of its own, whose commits go to the
//! disk, fills a database, copies it, partitions the copy, and asks both by turns. Five million take
//! some 30 GB in the directory for temporary files and a quarter of an hour to be made; they are removed
//! at the end.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "what cannot be measured is not gone on with"
)]

use std::time::Duration;

use sessrum_conformance::{new_session, sealer};
use sessrum_core::store::{Activity, CreateOutcome, NewSession, SessionStore as _, UpdateOutcome};
use sessrum_core::{
    Change, Clock as _, EndReason, Random as _, SeededRandom, SessionHandle, SessionId,
    SystemClock, TokenHash, UserId,
};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Database, Options, Postgres};
use tokio_postgres::{Client, NoTls};

const ROUNDS: usize = 21;
/// Look-ups in a round; of changes there are a tenth.
const LOOK_UPS: usize = 1_000;

/// Five sessions of each user, of which one has ended, with a token each.
const FILL: &str = "
    SET synchronous_commit = off;
    ALTER TABLE session_tokens DROP CONSTRAINT session_tokens_session_id_fkey;
    INSERT INTO user_sessions (handle, user_id, created_at, updated_at, last_activity,
        authenticated_at, expires_at, remembered, ended_at, end_reason, user_agent, ip_address)
        SELECT decode(md5(n::text), 'hex'), n / 5, n, n, n, n, 9000000000000000, false,
        CASE WHEN n % 5 = 0 THEN n END, CASE WHEN n % 5 = 0 THEN 'logout' END,
        'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '192.0.2.7'
        FROM generate_series(1, $count) n;
    INSERT INTO session_tokens (token_hash, session_id, issued_at, first_used_at)
        SELECT sha256(n::text::bytea), n, n, n FROM generate_series(1, $count) n;
    ALTER TABLE session_tokens
        ADD FOREIGN KEY (session_id) REFERENCES user_sessions (id) ON DELETE CASCADE;
    VACUUM ANALYZE;
";

#[tokio::main]
async fn main() {
    let count: u32 = std::env::args().nth(1).map_or(5_000_000, |count| count.parse().unwrap());
    let options = Options::default()
        .set("shared_buffers", "1GB")
        .set("maintenance_work_mem", "256MB")
        .set("max_wal_size", "8GB");
    let postgres = Postgres::start(options).await;
    let fill = async |url: String| {
        sessrum_postgres::migrate(&PostgresOptions::new(&url)).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        for statement in FILL.replace("$count", &count.to_string()).split_inclusive(";\n") {
            client.batch_execute(statement).await.unwrap();
        }
        drop(client);
        connection.await.unwrap().unwrap();
    };
    let begun_at = SystemClock.uptime();
    let whole = postgres.prepared_database("filled", fill).await;
    let parted = postgres.prepared_database("filled", fill).await;
    println!("{count} sessions, filled and copied in {:.0?}", since(begun_at));
    let begun_at = SystemClock.uptime();
    connect(&parted).await.batch_execute(include_str!("../partitions.sql")).await.unwrap();
    println!("partitioned in {:.0?}", since(begun_at));
    for database in [&whole, &parted] {
        connect(database).await.batch_execute("VACUUM ANALYZE").await.unwrap();
    }

    each_look_up_touches_one_partition(&parted, count).await;

    let (mut whole, mut parted) = (Measured::new(&whole).await, Measured::new(&parted).await);
    for round in 0..ROUNDS {
        let seed = round as u64;
        whole.round(count, &SeededRandom::new(seed)).await;
        parted.round(count, &SeededRandom::new(seed)).await;
    }
    println!("milliseconds, one caller, medians of {ROUNDS} rounds by turns: whole | partitioned");
    for ((name, whole), (_, parted)) in whole.operations.iter().zip(&parted.operations) {
        let [(p50, p99), (parted_p50, parted_p99)] = [whole, parted].map(Operation::medians);
        println!("{name}: p50 {p50:.2} | {parted_p50:.2}, p99 {p99:.2} | {parted_p99:.2}");
    }
}

/// As PostgreSQL counts: so many look-ups are so many searches of an index of a partition, and
/// nobody reads a partition from end to end.
async fn each_look_up_touches_one_partition(database: &Database, count: u32) {
    const SEARCHES: &str = "SELECT sum(idx_scan)::bigint, sum(seq_scan)::bigint \
        FROM pg_stat_user_tables WHERE relname ~ '^user_sessions_[0-9]+$'";
    let client = connect(database).await;
    let searches = async || {
        let row = client.query_one(SEARCHES, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let before = searches().await;
    let measured = Measured::new(database).await;
    let random = SeededRandom::new(99);
    for _ in 0..LOOK_UPS {
        let token = token_of(&client, number(&random, count)).await;
        assert!(measured.store.load_by_token(&token).await.unwrap().is_some());
    }
    // Connections say what they have counted when they go.
    measured.store.close().await;
    drop(measured);
    let looked_up = i64::try_from(LOOK_UPS).unwrap();
    let told = async {
        while searches().await.0 < before.0 + looked_up {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("they are not counted");
    assert_eq!(searches().await, (before.0 + looked_up, before.1));
    println!("{LOOK_UPS} look-ups by token were {LOOK_UPS} searches of an index of one partition");
}

/// A store, and how long each operation on it took.
struct Measured {
    store: PostgresStore,
    client: Client,
    operations: [(&'static str, Operation); 7],
}

/// Of each round p50 and p99, in milliseconds.
#[derive(Default)]
struct Operation(Vec<(f64, f64)>);

impl Measured {
    async fn new(database: &Database) -> Self {
        let mut options = PostgresOptions::new(database.url());
        options.hears = false;
        let store = PostgresStore::open(&options, sealer(1)).await.unwrap();
        let names = [
            "look up by token",
            "look up by handle",
            "list of a user",
            "sign in",
            "touch",
            "switch platform",
            "sign out",
        ];
        let operations = names.map(|name| (name, Operation::default()));
        Self { store, client: connect(database).await, operations }
    }

    async fn round(&mut self, count: u32, random: &SeededRandom) {
        let mut times: [Vec<Duration>; 7] = Default::default();
        let store = &self.store;
        let change = || Change::by_system(SystemClock.now());
        for turn in 0..LOOK_UPS {
            let chosen = number(random, count);
            let token = token_of(&self.client, chosen).await;
            times[0].push(time(store.load_by_token(&token)).await.0);
            if turn % 10 > 0 {
                continue;
            }
            let handle = handle_of(&self.client, chosen).await;
            times[1].push(time(store.find_by_handle(&handle)).await.0);
            let user = UserId::from(i64::from(chosen / 5));
            times[2].push(time(store.list_for_user(&user)).await.0);
            let change = change();
            let expires_at = change.at + Duration::from_hours(1);
            let new = NewSession { expires_at, ..new_session(user, random) };
            let (took, created) = time(store.create(new, &change)).await;
            let CreateOutcome::Created { session, .. } = created.unwrap() else {
                panic!("it is taken");
            };
            times[3].push(took);
            let mark = [Activity { session: SessionId(i64::from(chosen)), at: change.at }];
            times[4].push(time(store.touch_many(&mark)).await.0);
            let platform = Some(&7.into());
            let switch = store.switch_platform_if(session.id, platform, None, &change);
            let (took, switched) = time(switch).await;
            assert!(matches!(switched.unwrap(), UpdateOutcome::Updated(_)));
            times[5].push(took);
            let (took, ended) = time(store.end(session.id, EndReason::Logout, &change)).await;
            assert!(ended.unwrap().is_some());
            times[6].push(took);
        }
        for ((_, operation), times) in self.operations.iter_mut().zip(times) {
            operation.add(times);
        }
    }
}

impl Operation {
    fn add(&mut self, mut times: Vec<Duration>) {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
        self.0.push((at(50), at(99)));
    }

    fn medians(&self) -> (f64, f64) {
        let median = |of: fn(&(f64, f64)) -> f64| {
            let mut all: Vec<f64> = self.0.iter().map(of).collect();
            all.sort_unstable_by(f64::total_cmp);
            all[all.len() / 2]
        };
        (median(|round| round.0), median(|round| round.1))
    }
}

/// A number from 1 up to the count.
fn number(random: &SeededRandom, count: u32) -> u32 {
    let mut bytes = [0; 4];
    random.fill(&mut bytes).unwrap();
    u32::from_le_bytes(bytes) % count + 1
}

async fn token_of(client: &Client, number: u32) -> TokenHash {
    let hash = client.query_one("SELECT sha256($1::text::bytea)", &[&number.to_string()]).await;
    TokenHash::from_bytes(hash.unwrap().get::<_, &[u8]>(0).try_into().unwrap())
}

async fn handle_of(client: &Client, number: u32) -> SessionHandle {
    let hash = client.query_one("SELECT md5($1::text)", &[&number.to_string()]).await;
    SessionHandle::parse(hash.unwrap().get(0)).unwrap()
}

async fn connect(database: &Database) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn time<Output>(something: impl Future<Output = Output>) -> (Duration, Output) {
    let begun_at = SystemClock.uptime();
    let output = something.await;
    (since(begun_at), output)
}

fn since(begun_at: Duration) -> Duration {
    SystemClock.uptime().saturating_sub(begun_at)
}
