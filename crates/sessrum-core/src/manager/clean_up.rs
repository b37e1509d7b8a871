use super::UnifiedSessionManager;
use crate::directory::DirectoryChange;
use crate::event::Change;
use crate::session::EndReason;
use crate::store::StoreError;

/// Rows a transaction touches at most, so that nobody waits long behind it.
pub(super) const BATCH: usize = 500;

/// What a clean-up did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CleanupReport {
    /// Sessions ended because they were over.
    pub expired: usize,
    /// Rows removed because they had ended long ago.
    pub purged: usize,
    /// Old events whose address and user agent were shortened.
    pub shortened: usize,
}

impl UnifiedSessionManager {
    /// Writes the collected marks of activity. Answers how many sessions they moved.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails: the marks are kept for the next time.
    pub async fn flush_session_activity(&self) -> Result<usize, StoreError> {
        let _one_at_a_time = self.flushing.lock().await;
        // A flush that failed or was dropped half-way left its batch out.
        self.activity.put_back();
        let mut moved = 0;
        loop {
            let batch = self.activity.take(BATCH);
            if batch.is_empty() {
                return Ok(moved);
            }
            moved += self.store().touch_many(&batch).await?;
            self.activity.written();
        }
    }

    /// Ends the sessions that are over, each with its event, and removes the rows of those that
    /// ended longer ago than they are kept, and counters of sign-in attempts that mean nothing any
    /// more; shortens the clients of old events. Works in batches; live sessions and events stay. The
    /// store is told of the success.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails. What was done by then stays done.
    pub async fn cleanup_expired_sessions(&self) -> Result<CleanupReport, StoreError> {
        self.cleanup_with_progress(|_| {}).await
    }

    /// [`cleanup_expired_sessions`](Self::cleanup_expired_sessions) that tells how far it is after
    /// each batch that has more to follow, and at the end.
    ///
    /// # Errors
    /// As there.
    pub async fn cleanup_with_progress(
        &self,
        mut progress: impl FnMut(CleanupReport) + Send,
    ) -> Result<CleanupReport, StoreError> {
        // Taken first: what is marked from here on was not over at that moment.
        let now = self.now();
        self.flush_session_activity().await?;
        self.forget_notes();
        let change = Change::by_system(now);
        let mut report = CleanupReport::default();
        loop {
            let limits = self.policy.expiry_limits(now);
            let ended = self.store().end_expired(limits, BATCH, &change).await?.len();
            report.expired += ended;
            if ended < BATCH {
                break;
            }
            progress(report);
        }
        let before = now - self.policy.keep_ended_for;
        loop {
            let purged = self.store().delete_ended_before(before, BATCH).await?;
            report.purged += purged;
            if purged < BATCH {
                break;
            }
            progress(report);
        }
        let before = now - self.policy.keep_clients_for;
        loop {
            let shortened = self.store().shorten_clients_before(before, BATCH).await?;
            report.shortened += shortened;
            if shortened < BATCH {
                break;
            }
            progress(report);
        }
        while self.store().delete_forgotten_attempts(now, BATCH).await? == BATCH {
            progress(report);
        }
        progress(report);
        self.store().note_clean_up(self.now()).await?;
        Ok(report)
    }

    /// Ends the sessions of users whom the application's own directory has disabled or given
    /// another password since `cursor`. Answers the cursor to go on from.
    ///
    /// # Errors
    /// [`StoreError`] when the directory or the database fails: go on from the same cursor.
    pub async fn follow_directory(&self, cursor: Option<i64>) -> Result<i64, StoreError> {
        let found = self.directory().changes_after(cursor).await?;
        let change = Change::by_system(self.now());
        for changed in &found.changes {
            let (user, reason) = match changed {
                DirectoryChange::UserDisabled(user) => (user, EndReason::UserDisabled),
                DirectoryChange::PasswordChanged(user) => (user, EndReason::PasswordChanged),
            };
            self.store().end_for_user(user, None, reason, &change).await?;
        }
        Ok(found.cursor)
    }
}
