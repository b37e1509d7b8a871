//! Sessions that are created by callers at once, each durable when its caller is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use sessrum_core::{Client, Role, SignIn, SignInOutcome, UserId, UserInfo};
use sessrum_server::Instance;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::bench::{Bench, IN_USE};
use crate::installation::{Filling, Installation, Kept, username};
use crate::peers::Tower;
use crate::report::Table;

/// Who calls at once.
const CALLERS: usize = 64;

/// How long a peer may take that is filled first.
const PATIENCE: Duration = Duration::from_mins(30);

/// As many sessions as are created, beside few and beside many.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut tables = Vec::new();
    for (name, sessions) in [("creation", IN_USE), ("creation_beside_many", bench.scale.many)] {
        tables.push(measure_beside(bench, name, sessions).await?);
    }
    Ok(tables)
}

async fn measure_beside(
    bench: &mut Bench,
    file: &'static str,
    sessions: usize,
) -> anyhow::Result<Table> {
    let mut ours = Vec::new();
    for (kept, name) in
        [(Kept::Sqlite, "Sessrum on SQLite"), (Kept::Postgres, "Sessrum on PostgreSQL")]
    {
        bench.say(format!("filling {name}"));
        let filling = Filling { of_each: 1, ..Filling::of(sessions) };
        let installation = Installation::make(bench, kept, filling, "").await?;
        ours.push((name, Arc::new(Instance::open(&installation.config).await?)));
    }
    let mut towers = Vec::new();
    for tower in [Tower::Sqlite, Tower::Postgres] {
        bench.say(format!("filling {}", tower.name()));
        let arguments = tower.arguments(bench).await?;
        created_by_tower(bench, &arguments, sessions, Duration::ZERO).await?;
        towers.push((tower.name(), arguments));
    }

    let title = format!("Sessions created by {CALLERS} callers, durable, beside {sessions}");
    let mut table = Table::new(file, title, "sessions/s");
    let mut refused = 0;
    let (rounds, turn) = (bench.scale.rounds, bench.scale.turn);
    for round in 1..=rounds {
        for (name, instance) in &ours {
            bench.say(format!("creation, round {round} of {rounds}: {name}"));
            let created = create(instance, sessions, turn).await?;
            table.add(name, created as f64 / turn.as_secs_f64());
        }
        for (name, arguments) in &towers {
            bench.say(format!("creation, round {round} of {rounds}: {name}"));
            if let Some((created, failed)) = created_by_tower(bench, arguments, 0, turn).await? {
                table.add(name, created / turn.as_secs_f64());
                refused += failed;
            }
        }
    }
    table.note(format!(
        "Each of Sessrum's is created with its event in the audit trail. Both commit with \
         synchronous=FULL and a write-ahead log on SQLite (by default tower-sessions has \
         synchronous=FULL and a rollback journal), and with fsync and synchronous_commit on \
         PostgreSQL. tower-sessions was told by its database to try again {refused} times."
    ));
    table.at_least("Sessrum on SQLite", 8.0, Tower::Sqlite.name());
    table.at_least("Sessrum on PostgreSQL", 4.0, Tower::Postgres.name());
    for (_, instance) in ours {
        instance.close().await;
    }
    Ok(table)
}

/// How many are created in a turn, each user in turn getting another.
async fn create(instance: &Arc<Instance>, users: usize, turn: Duration) -> anyhow::Result<usize> {
    let created = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (instance, created) = (Arc::clone(instance), Arc::clone(&created));
        callers.spawn(async move {
            for key in (caller..users).step_by(CALLERS).cycle() {
                sign_in(&instance, key + 1).await?;
                created.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    tokio::select! {
        () = tokio::time::sleep(turn) => Ok(created.load(Ordering::Relaxed)),
        Some(ended) = callers.join_next() => {
            ended??;
            bail!("callers never end by themselves")
        }
    }
}

/// Signs the user with a key in, as after a right password.
async fn sign_in(instance: &Instance, key: usize) -> anyhow::Result<()> {
    let username = username(key);
    let user = UserInfo {
        id: UserId::from(i64::try_from(key)?),
        email: format!("{username}@example.org"),
        username,
        role: Role::Viewer,
    };
    let sign_in = SignIn {
        user,
        password_changed_at: None,
        platform_id: None,
        remember: false,
        replaces: None,
    };
    let outcome = instance.manager.create_session(sign_in, &Client::default()).await?;
    ensure!(matches!(outcome, SignInOutcome::SignedIn(_)), "no session: {outcome:?}");
    Ok(())
}

/// How many tower-sessions creates in a turn after it was filled with so many, and how often it
/// fails; `None`: it is not there.
async fn created_by_tower(
    bench: &Bench,
    arguments: &[String],
    sessions: usize,
    turn: Duration,
) -> anyhow::Result<Option<(f64, u64)>> {
    let Some(program) = bench.program("tower_sessions") else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(["--sessions", &sessions.to_string(), "--cookies", "/dev/null"]).args(arguments);
    command.args(["--create-for", &turn.as_secs().to_string()]).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ended.context("tower_sessions does not end")??;
    let said: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(said["created"].as_f64().zip(said["failed"].as_u64()))
}
