use std::collections::BTreeMap;

use super::UnifiedSessionManager;
use super::clean_up::BATCH;
use crate::random::RandomError;
use crate::sealing::SealError;
use crate::store::{PlatformCredentials, StoreError};

/// What came of sealing credentials anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResealReport {
    /// Platforms whose credentials are under the key in force now.
    pub resealed: usize,
    /// Platforms whose credentials were under it before.
    pub unchanged: usize,
    /// Platforms whose credentials cannot be opened: their key is not configured, or they were
    /// altered. They stay as they are.
    pub unreadable: usize,
}

/// Credentials were not all sealed anew. What was done by then stays done.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// The database stood in the way.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no randomness to be had.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl UnifiedSessionManager {
    /// Seals the credentials of everyone's platforms under the key in force. Works in batches and
    /// tells after each how far it is.
    ///
    /// # Errors
    /// [`ResealError`] when the database fails or there is no randomness.
    pub async fn reseal_credentials(
        &self,
        mut progress: impl FnMut(ResealReport) + Send,
    ) -> Result<ResealReport, ResealError> {
        let mut report = ResealReport::default();
        let mut after = None;
        loop {
            let batch = self.store().sealed_credentials(after, BATCH).await?;
            for found in &batch {
                *self.reseal(found, &mut report).await? += 1;
            }
            progress(report);
            match batch.last() {
                Some(last) => after = Some(last.platform),
                None => return Ok(report),
            }
        }
    }

    /// Which of the report's counts it adds to.
    async fn reseal<'a>(
        &self,
        found: &PlatformCredentials,
        report: &'a mut ResealReport,
    ) -> Result<&'a mut usize, ResealError> {
        if found.sealed.key_id == self.sealing.id() {
            return Ok(&mut report.unchanged);
        }
        let Ok(opened) = self.sealing.open(&found.sealed, &found.user) else {
            return Ok(&mut report.unreadable);
        };
        let sealed = match self.sealing.seal(&opened, &found.user, self.random()) {
            Ok(sealed) => sealed,
            Err(SealError::Random(error)) => return Err(error.into()),
            Err(SealError::UnknownKey(_) | SealError::Altered) => return Ok(&mut report.unreadable),
        };
        // Who was faster has sealed other credentials, under the key in force.
        let resealed = self.store().reseal_credentials(found, &sealed).await?;
        Ok(if resealed { &mut report.resealed } else { &mut report.unchanged })
    }

    /// How many platforms have credentials under each key, by the key's name.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn count_credentials(&self) -> Result<BTreeMap<String, usize>, StoreError> {
        let mut counts = BTreeMap::new();
        let mut after = None;
        loop {
            let batch = self.store().sealed_credentials(after, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(counts) };
            after = Some(last.platform);
            for found in batch {
                *counts.entry(found.sealed.key_id).or_default() += 1;
            }
        }
    }
}
