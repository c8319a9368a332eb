use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::{StopReason, run::Run, work::Work};
use crate::{
    repository::Checkpoint,
    store::{Commit, DynStore, Page, ReadError, StreamForked, StreamId},
};

/// The most commits that are fetched at once of one aggregate.
const PAGE: usize = 256;
/// Aggregates that are fetched side by side.
const AT_ONCE: usize = 16;
/// So many times in a row, with growing pauses of up to 10 s, the store may have nothing of what the feed has brought:
/// two minutes or so.
const MOST_MISSES: u32 = 30;

/// What the store has from a place on.
enum Fetched {
    Page(Page),
    /// Nothing, long after the feed has brought what comes later: so many events are all that the stream has.
    Ends(u64),
}

impl Run {
    /// Fetches from the store what `works` wait for, a page each.
    pub(super) async fn fetch(&mut self, works: &mut [Work]) -> Result<(), StopReason> {
        let checkpoints = self.checkpoints(works).await?;
        let wanted =
            works.iter().zip(checkpoints).enumerate().filter(|(_, (work, _))| !has_what_it_needs(work));
        let wanted: Vec<_> = wanted
            .map(|(place, (work, Checkpoint { applied, .. }))| {
                (place, work.stream.clone(), applied + 1, work.goal > applied && work.misses >= MOST_MISSES)
            })
            .collect();
        let store = Arc::clone(&self.listener.store);
        let reads = wanted.into_iter().map(|(place, stream, from, is_long)| {
            let store = &*store;
            async move { (place, from, read(store, &stream, from, is_long).await) }
        });
        let pages: Vec<_> = stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
        for (place, from, page) in pages {
            self.take_fetched(&mut works[place], from, page)?;
        }
        Ok(())
    }

    fn take_fetched(
        &mut self,
        work: &mut Work,
        from: u64,
        page: Result<Fetched, ReadError>,
    ) -> Result<(), StopReason> {
        match page {
            Ok(Fetched::Ends(last)) => {
                let reason = format!("the feed has brought later commits, and the store ends at {last}");
                let fork = StreamForked { stream: work.stream.clone(), sequence: from, reason };
                self.failed(work, from, fork.to_string(), false)?;
            }
            Ok(Fetched::Page(page)) if begins_after_hole(work, from, &page) => {
                let reason = "the store has later commits and none there".to_owned();
                let fork = StreamForked { stream: work.stream.clone(), sequence: from, reason };
                self.failed(work, from, fork.to_string(), false)?;
            }
            Ok(Fetched::Page(page)) => {
                work.more = page.more;
                let fetched = page.commits.len();
                let known = |id| work.commits.iter().any(|known| known.id == id);
                let news: Vec<_> = page.commits.into_iter().filter(|commit| !known(commit.id)).collect();
                self.shared.counts.fetched.add(news.len() as u64);
                news.into_iter().for_each(|commit| work.add(commit));
                // Not there yet: a record is never ahead of what is stored for long.
                work.misses = if fetched == 0 { work.misses.saturating_add(1) } else { 0 };
            }
            Err(ReadError::Corrupt { sequence, reason, .. }) => self.failed(work, sequence, reason, false)?,
            Err(error) => {
                work.misses = work.misses.saturating_add(1);
                tracing::warn!(projection = self.shared.projection, stream = %work.stream, %error, "missing commits cannot be fetched; trying again");
            }
        }
        Ok(())
    }
}

/// Whether the stream has lost commits: it goes on, and what the view needs next is not there, nor with the feed.
fn begins_after_hole(work: &Work, from: u64, page: &Page) -> bool {
    let is_next = |commit: &Arc<Commit>| commit.sequence <= from;
    page.commits.first().is_some_and(|first| !is_next(first)) && !work.commits.iter().any(is_next)
}

/// Whether this is another try of what is in hand already.
fn has_what_it_needs(work: &Work) -> bool {
    let has = |failing: u64| work.commits.iter().any(|commit| commit.last_sequence >= failing);
    work.failing.as_ref().is_some_and(|failing| has(failing.sequence))
}

async fn read(
    store: &dyn DynStore,
    stream: &StreamId,
    from: u64,
    is_long: bool,
) -> Result<Fetched, ReadError> {
    let page = store.read(stream, from, PAGE).await;
    match page {
        // What comes before it is good.
        Err(ReadError::Corrupt { sequence, .. }) if sequence > from => {
            store.read(stream, from, 1).await.map(Fetched::Page)
        }
        Ok(page) if page.commits.is_empty() && is_long => {
            // A read may miss what is decided and not acknowledged; this finishes it.
            let last = store.head(stream).await?.last_sequence();
            Ok(if last < from { Fetched::Ends(last) } else { Fetched::Page(page) })
        }
        page => page.map(Fetched::Page),
    }
}
