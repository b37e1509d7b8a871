use std::sync::Arc;

use anyhow::Context as _;
use serde::Serialize;
use sessrum_core::{
    Accounts, CleanupReport, Clock as _, MemoryStore, OsRandom, PasswordCost, PasswordHasher,
    SecretKey, SystemClock, UnifiedSessionManager,
};

use super::output::{Format, data, progress, say};
use crate::app;
use crate::config::Config;
use crate::instance::Instance;
use crate::jobs::JobHealth;

pub(super) async fn migrate(config: &Config) -> anyhow::Result<()> {
    match Instance::migrate(config).await?.as_slice() {
        [] => say("The database is up to date."),
        versions => say(&format!("Applied {} migration(s).", versions.len())),
    }
    Ok(())
}

#[derive(Serialize)]
struct Status {
    database: String,
    sessions_active: u64,
    server_time: String,
}

pub(super) async fn status(instance: &Instance, format: Format) -> anyhow::Result<()> {
    let store = instance.manager.store();
    store.check().await?;
    let status = Status {
        database: instance.database.clone(),
        sessions_active: store.count_live().await?,
        server_time: instance.manager.now().to_string(),
    };
    format.print(&status, |status| {
        format!("{}: {} active session(s)", status.database, status.sessions_active)
    })?;
    Ok(())
}

#[derive(Serialize)]
struct Cleanup {
    expired: usize,
    purged: usize,
    shortened: usize,
}

pub(super) async fn cleanup(
    instance: &Instance,
    format: Format,
    compact: bool,
) -> anyhow::Result<()> {
    let bar = progress();
    let report = instance
        .manager
        .cleanup_with_progress(|so_far| {
            bar.set_message(format!(
                "{} ended, {} removed, {} shortened",
                so_far.expired, so_far.purged, so_far.shortened
            ));
            bar.tick();
        })
        .await;
    bar.finish_and_clear();
    let CleanupReport { expired, purged, shortened } = report?;
    if compact {
        let advice = "the database is not compact yet";
        instance.manager.store().compact().await.context(advice)?;
    }
    if instance.manager.store().is_compaction_due().await? {
        say("The database may still hold traces of a user who was forgotten: --compact removes \
             them.");
    }
    format.print(&Cleanup { expired, purged, shortened }, |done| {
        format!(
            "{} session(s) ended as expired, {} row(s) removed, {} event(s) shortened",
            done.expired, done.purged, done.shortened
        )
    })?;
    Ok(())
}

/// The document needs the routes and no database.
pub(super) fn openapi() -> anyhow::Result<()> {
    let random = Arc::new(OsRandom);
    let manager = UnifiedSessionManager::new(
        Arc::new(MemoryStore::new()),
        &SecretKey::generate(random.as_ref())?,
    );
    let hasher = PasswordHasher::new(PasswordCost { memory_kib: 8, passes: 1 }, 1, random)?;
    let accounts = Arc::new(Accounts::new(Arc::new(manager), hasher));
    let jobs = Arc::new(JobHealth::starting(SystemClock.now(), &[]));
    data(&app::openapi(&accounts, jobs).to_pretty_json()?)?;
    Ok(())
}
