//! Sessions that are created by callers at once, each durable when its caller is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use sessrum_core::{Client, Role, SignIn, SignInOutcome, UserId, UserInfo};
use sessrum_server::Instance;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::bench::Bench;
use crate::installation::{Filling, Installation, Kept, username};
use crate::peers::Tower;
use crate::report::Table;

/// Who calls at once.
const CALLERS: usize = 64;

const USERS: usize = 100_000;

/// As many sessions as are created.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut ours = Vec::new();
    for (kept, name) in
        [(Kept::Sqlite, "Sessrum on SQLite"), (Kept::Postgres, "Sessrum on PostgreSQL")]
    {
        bench.say(format!("filling {name}"));
        let filling = Filling { sessions: USERS, of_each: 1, expired: 0 };
        let installation = Installation::make(bench, kept, filling, "").await?;
        ours.push((name, Arc::new(Instance::open(&installation.config).await?), installation));
    }
    let mut towers = Vec::new();
    for tower in [Tower::Sqlite, Tower::Postgres] {
        towers.push((tower.name(), tower.arguments(bench).await?));
    }

    let title = format!("Sessions created by {CALLERS} callers, durable");
    let mut table = Table::new("creation", title, "sessions/s");
    let mut refused = 0;
    for round in 1..=bench.scale.rounds {
        let say = |name: &str| {
            bench.say(format!("creation, round {round} of {}: {name}", bench.scale.rounds));
        };
        for (name, instance, _) in &ours {
            say(name);
            let created = create(bench, instance).await?;
            table.add(name, created as f64 / bench.scale.turn.as_secs_f64());
        }
        for (name, arguments) in &towers {
            say(name);
            let Some((created, failed)) = created_by_tower(bench, arguments).await? else {
                continue;
            };
            table.add(name, created / bench.scale.turn.as_secs_f64());
            refused += failed;
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
    for (_, instance, _) in ours {
        instance.close().await;
    }
    Ok(vec![table])
}

/// How many are created in a turn.
async fn create(bench: &Bench, instance: &Arc<Instance>) -> anyhow::Result<usize> {
    let created = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (instance, created) = (Arc::clone(instance), Arc::clone(&created));
        callers.spawn(async move {
            for key in (caller..USERS).step_by(CALLERS).cycle() {
                sign_in(&instance, key + 1).await?;
                created.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    tokio::select! {
        () = tokio::time::sleep(bench.scale.turn) => Ok(created.load(Ordering::Relaxed)),
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

/// How many tower-sessions creates in a turn, and how often it fails; `None`: it is not there.
async fn created_by_tower(
    bench: &Bench,
    arguments: &[String],
) -> anyhow::Result<Option<(f64, u64)>> {
    let Some(program) = bench.program("tower_sessions") else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(["--sessions", "0", "--cookies", "/dev/null"]).args(arguments);
    command.args(["--create-for", &bench.scale.turn.as_secs().to_string()]).kill_on_drop(true);
    let ended = tokio::time::timeout(20 * bench.scale.turn, command.output()).await;
    let output = ended.context("tower_sessions does not end")??;
    let said: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(said["created"].as_f64().zip(said["failed"].as_u64()))
}
