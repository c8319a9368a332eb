use std::sync::Arc;

use super::{StopReason, run::Run, work::Work};
use crate::store::ReadError;

/// The most commits that are fetched at once of one aggregate.
const PAGE: usize = 256;

impl Run {
    /// Fetches from the store what `works` wait for, a page each.
    pub(super) async fn fetch(&mut self, works: &mut [Work]) -> Result<(), StopReason> {
        let store = Arc::clone(&self.listener.store);
        for work in works {
            if let Some(failing) = &work.failing
                && work.commits.iter().any(|commit| commit.last_sequence >= failing.sequence)
            {
                // It has what it needs: this is another try.
                continue;
            }
            let applied = self.applied(work).await?;
            let mut read = store.read(&work.stream, applied + 1, PAGE).await;
            if let Err(ReadError::Corrupt { sequence, .. }) = &read
                && *sequence > applied + 1
            {
                // What comes before it is good.
                read = store.read(&work.stream, applied + 1, 1).await;
            }
            match read {
                Ok(page) => {
                    work.more = page.more;
                    let fetched = page.commits.len();
                    let known = |id| work.commits.iter().any(|known| known.id == id);
                    let news: Vec<_> = page.commits.into_iter().filter(|commit| !known(commit.id)).collect();
                    self.shared.counts.fetched.add(news.len() as u64);
                    news.into_iter().for_each(|commit| work.add(commit));
                    // Not there yet: a record is never ahead of what is stored for long.
                    work.misses = if fetched == 0 { work.misses.saturating_add(1) } else { 0 };
                }
                Err(ReadError::Corrupt { sequence, reason, .. }) => {
                    self.failed(work, sequence, reason, false)?
                }
                Err(error) => {
                    work.misses = work.misses.saturating_add(1);
                    tracing::warn!(projection = self.shared.projection, stream = %work.stream, %error, "missing commits cannot be fetched; trying again");
                }
            }
        }
        Ok(())
    }

    /// How far the view is with the work's aggregate, as far as is known here.
    async fn applied(&mut self, work: &Work) -> Result<u64, StopReason> {
        self.read_checkpoints(std::slice::from_ref(work)).await?;
        Ok(self.checkpoints.get(&work.stream).map_or(0, |checkpoint| checkpoint.applied))
    }
}
