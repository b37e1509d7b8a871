//! What runs in the background: writing activity, and cleaning up. The work itself is in plain
//! functions of the manager; here it is run in time, by one instance at a time, and its health is kept.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sessrum_core::store::StoreError;
use sessrum_core::{CleanupReport, Timestamp, UnifiedSessionManager};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Writes marks of activity.
    FlushActivity,
    /// Ends what is over, removes what ended long ago, and shortens the clients of old events.
    CleanUp,
}

impl Job {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FlushActivity => "flush_activity",
            Self::CleanUp => "clean_up",
        }
    }

    /// How long it may go without a success before it counts as late: three of its periods, and
    /// longer than a machine that vanished can keep the turn from the others.
    fn patience(self, every: Duration) -> Duration {
        let least = match self {
            Self::FlushActivity => Duration::from_secs(10),
            Self::CleanUp => Duration::from_mins(1),
        };
        every.saturating_mul(3).max(least)
    }

    /// Does the job once, if it is this instance's to do, and tells `comes_on` each time it has done a
    /// part of much. Answers when it last went well, whichever instance did it; `None` when none has.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails. The next time may do.
    pub async fn run(
        self,
        manager: &UnifiedSessionManager,
        every: Duration,
        comes_on: impl Fn() + Send + Sync,
    ) -> Result<Option<Timestamp>, StoreError> {
        match self {
            Self::FlushActivity => {
                manager.flush_session_activity().await?;
                Ok(Some(manager.now()))
            }
            Self::CleanUp => clean_up(manager, every, comes_on).await,
        }
    }
}

/// Cleans up, unless another instance is at it, or has done it so lately that it would be too often.
async fn clean_up(
    manager: &UnifiedSessionManager,
    every: Duration,
    comes_on: impl Fn() + Send + Sync,
) -> Result<Option<Timestamp>, StoreError> {
    manager.forget_notes();
    let store = manager.store();
    // One that is at it goes well, or loses its turn; whether it comes on is for itself to say.
    let Some(_turn) = store.claim_jobs().await? else { return Ok(Some(manager.now())) };
    let now = manager.now();
    // One that lies ahead was noted by a clock that is wrong.
    if let Some(last) = store.last_clean_up().await?.filter(|last| *last <= now)
        && now.since(last) < every / 2
    {
        return Ok(Some(last));
    }
    let report = manager.cleanup_with_progress(|_| comes_on()).await?;
    let CleanupReport { expired, purged, shortened } = report;
    if report != CleanupReport::default() {
        tracing::info!(expired, purged, shortened, "cleaned up");
    }
    Ok(Some(manager.now()))
}

/// When each job last succeeded.
#[derive(Debug)]
pub struct JobHealth(Vec<Arc<Watched>>);

#[derive(Debug)]
struct Watched {
    job: Job,
    every: Duration,
    last_success: Mutex<Timestamp>,
    /// When one that is at it last came on.
    came_on: Mutex<Option<Timestamp>>,
}

impl Watched {
    /// Notes a success, of this instance or another, whose clock may be ahead.
    fn note(&self, success: Timestamp, now: Timestamp) {
        let mut last = lock(&self.last_success);
        *last = success.max(*last).min(now);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A job that has not succeeded for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// When it last succeeded on any instance, or the server started.
    pub since: Timestamp,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has not succeeded since {}", self.since)
    }
}

impl JobHealth {
    /// Jobs with how often each runs. All count as good at the start.
    #[must_use]
    pub fn starting(now: Timestamp, jobs: &[(Job, Duration)]) -> Self {
        let watched = |&(job, every)| {
            let (last_success, came_on) = (Mutex::new(now), Mutex::default());
            Arc::new(Watched { job, every, last_success, came_on })
        };
        Self(jobs.iter().map(watched).collect())
    }

    /// Each job's name, and since when it has failed if that is too long.
    #[must_use]
    pub fn late(&self, now: Timestamp) -> Vec<(&'static str, Option<Late>)> {
        let late = |watched: &Arc<Watched>| {
            let since = *lock(&watched.last_success);
            let seen = lock(&watched.came_on).map_or(since, |at| at.max(since));
            let is_late = now.since(seen) > watched.job.patience(watched.every);
            (watched.job.name(), is_late.then_some(Late { since }))
        };
        self.0.iter().map(late).collect()
    }
}

/// Runs every job in time until `stop` is true. A run that panics is one that failed.
pub async fn supervise(
    manager: Arc<UnifiedSessionManager>,
    health: Arc<JobHealth>,
    stop: watch::Receiver<bool>,
) {
    let loops: Vec<_> = (0..health.0.len())
        .map(|index| {
            let (manager, health) = (Arc::clone(&manager), Arc::clone(&health));
            tokio::spawn(repeat(index, manager, health, stop.clone()))
        })
        .collect();
    for running in loops {
        if let Err(error) = running.await {
            tracing::error!("a job broke down: {error}");
        }
    }
}

async fn repeat(
    index: usize,
    manager: Arc<UnifiedSessionManager>,
    health: Arc<JobHealth>,
    mut stop: watch::Receiver<bool>,
) {
    let Some(watched) = health.0.get(index) else { return };
    let (job, every, name) = (watched.job, watched.every, watched.job.name());
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => return,
            _ = ticks.tick() => {}
        }
        let (run, part) = (Arc::clone(&manager), Arc::clone(watched));
        let mut running = tokio::spawn(async move {
            job.run(&run, every, || *lock(&part.came_on) = Some(run.now())).await
        });
        let done = tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => {
                // What it has not done is done by the next server.
                running.abort();
                return;
            }
            done = &mut running => done,
        };
        *lock(&watched.came_on) = None;
        match done {
            Ok(Ok(Some(success))) => watched.note(success, manager.now()),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::error!(job = name, kind = ?error.kind(), "{error}"),
            Err(panic) => tracing::error!(job = name, "the job broke down: {panic}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sessrum_conformance::ProxyStore;
    use sessrum_core::store::{JobStore as _, Store};
    use sessrum_core::{Clock as _, ManualClock, MemoryStore, SecretKey};
    use tokio::sync::oneshot;

    const MINUTE: Duration = Duration::from_mins(1);

    fn manager(store: Arc<dyn Store>, clock: &Arc<ManualClock>) -> UnifiedSessionManager {
        UnifiedSessionManager::new(store, &SecretKey::from_bytes([1; 32]))
            .with_clock(Arc::clone(clock) as _)
    }

    #[tokio::test]
    async fn what_another_instance_cleans_up_is_not_cleaned_up_again() {
        let store = ProxyStore::of(Arc::new(MemoryStore::new()));
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
        let manager = manager(Arc::clone(&store) as _, &clock);
        let cleaned = async || {
            let answer = Job::CleanUp.run(&manager, MINUTE, || {}).await.unwrap();
            (store.asked().contains(&"end_expired"), answer)
        };
        let turn = store.claim_jobs().await.unwrap();
        assert_eq!(cleaned().await, (false, Some(clock.now())));
        let noon = clock.now();
        store.note_clean_up(noon).await.unwrap();
        assert_eq!(cleaned().await, (false, Some(noon)));
        drop(turn);
        assert_eq!(cleaned().await, (false, Some(noon)));
        clock.advance(MINUTE / 2);
        assert_eq!(cleaned().await, (true, Some(clock.now())));
        // Whatever the clock of another says.
        store.note_clean_up(clock.now() + 9 * MINUTE).await.unwrap();
        assert_eq!(cleaned().await, (true, Some(clock.now())));
    }

    #[test]
    fn a_job_is_late_when_it_has_succeeded_nowhere() {
        let noon = Timestamp::from_micros(0);
        let health = JobHealth::starting(noon, &[(Job::CleanUp, MINUTE)]);
        let since = |now| health.late(now)[0].1.map(|late| late.since);
        assert_eq!(since(noon + 3 * MINUTE), None);
        assert_eq!(since(noon + 4 * MINUTE), Some(noon));
        health.0[0].note(noon + 2 * MINUTE, noon + 4 * MINUTE);
        assert_eq!(since(noon + 5 * MINUTE), None);
        // One that is older than what is known, and one that is not yet.
        health.0[0].note(noon, noon + 5 * MINUTE);
        assert_eq!(since(noon + 6 * MINUTE), Some(noon + 2 * MINUTE));
        health.0[0].note(noon + 99 * MINUTE, noon + 6 * MINUTE);
        assert_eq!(since(noon + 10 * MINUTE), Some(noon + 6 * MINUTE));
    }

    #[test]
    fn a_machine_that_vanished_with_the_turn_makes_no_other_late() {
        let noon = Timestamp::from_micros(0);
        let second = Duration::from_secs(1);
        let health = JobHealth::starting(noon, &[(Job::CleanUp, second)]);
        assert_eq!(health.late(noon + 60 * second)[0].1, None);
        assert_eq!(health.late(noon + 61 * second)[0].1, Some(Late { since: noon }));
    }

    /// As long as it comes on, and not when it has failed after all.
    #[test]
    fn a_job_that_takes_long_is_not_late_while_it_comes_on() {
        let noon = Timestamp::from_micros(0);
        let health = JobHealth::starting(noon, &[(Job::CleanUp, MINUTE)]);
        *lock(&health.0[0].came_on) = Some(noon + 3 * MINUTE);
        assert_eq!(health.late(noon + 6 * MINUTE)[0].1, None);
        assert_eq!(health.late(noon + 7 * MINUTE)[0].1, Some(Late { since: noon }));
        *lock(&health.0[0].came_on) = None;
        assert_eq!(health.late(noon + 6 * MINUTE)[0].1, Some(Late { since: noon }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clean_up_of_any_length_stops_with_the_server() {
        let store = ProxyStore::of(Arc::new(MemoryStore::new()));
        let (begun, has_begun) = oneshot::channel();
        store.after("end_expired", async move {
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        let manager = Arc::new(UnifiedSessionManager::new(store, &SecretKey::from_bytes([1; 32])));
        let every = Duration::from_secs(1);
        let health = Arc::new(JobHealth::starting(manager.now(), &[(Job::CleanUp, every)]));
        let (stop, stopping) = watch::channel(false);
        let jobs = tokio::spawn(supervise(manager, health, stopping));
        has_begun.await.unwrap();
        stop.send_replace(true);
        let ended = tokio::time::timeout(Duration::from_hours(1), jobs).await;
        ended.expect("the jobs go on").unwrap();
    }
}
