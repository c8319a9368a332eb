//! Verification: views compared with the event store itself, for what a feed has lost without a trace.
//!
//! A gap shows when the next commit of its aggregate arrives. An aggregate's very last commits have no next
//! one: if the feed loses them, only a look at the store finds them.

mod unknown;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{TryStreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use self::unknown::Known;
use super::{handle::Shared, run::FIRST_PAUSE, run::LONGEST_PAUSE};
use crate::{
    handler::jittered,
    query::QueryError,
    repository::DynRepository,
    store::{DynStore, StreamId, Version},
};

/// Streams that are compared at once.
const PAGE: usize = 1000;
/// Parts of a category that are compared side by side, and heads that are looked at again.
const AT_ONCE: usize = 8;
/// Streams of a part that are behind are remembered up to this many before the grace period begins.
const MOST_BEHIND: usize = 2000;
/// How long a view that is behind may need to get there by itself before its commits are fetched. A commit on
/// its way through the feed is no loss.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// What a comparison of a projection's views with the event store found; see
/// [`App::verify`](crate::app::App::verify).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Whose views.
    pub projection: &'static str,
    /// Streams that were compared.
    pub streams: u64,
    /// Aggregates whose view was behind the store, and stayed so for the grace period. Their commits are being
    /// fetched.
    pub behind: u64,
    /// Aggregates whose view shows what the store does not hold: events beyond the stream's end, another commit at
    /// its end, or a stream that is not there at all. Either the store was restored from a backup, or somebody
    /// changed one of the two; the log names each.
    ///
    /// Streams that are not there are looked for among all of a store that has up to a million, and among a random
    /// part of one that has more, another in each verification.
    pub diverged: u64,
}

/// Compares a projection's views with the event store.
#[derive(Clone)]
pub(super) struct Verifier {
    pub(super) shared: Arc<Shared>,
    pub(super) categories: Vec<&'static str>,
    pub(super) repository: Arc<dyn DynRepository>,
    pub(super) store: Arc<dyn DynStore>,
    pub(super) hints: mpsc::Sender<StreamId>,
}

impl Verifier {
    /// Verifies when asked to, and `every` so often, until the listener ends.
    pub(super) async fn run(
        self,
        every: Option<Duration>,
        mut asked: mpsc::Receiver<()>,
        mut stop: watch::Receiver<bool>,
    ) {
        let work = async {
            loop {
                let pause = async {
                    match every {
                        Some(every) => tokio::time::sleep(every).await,
                        None => std::future::pending().await,
                    }
                };
                // What a listener asks for at its start is not on its way: there is nothing to wait for.
                let grace = tokio::select! {
                    biased;
                    asked = asked.recv() => match asked {
                        Some(()) => Duration::ZERO,
                        None => return,
                    },
                    () = pause => GRACE,
                };
                self.until_done(grace).await;
            }
        };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            () = work => {}
        }
    }

    /// Tries again until the store and the view database have both answered.
    async fn until_done(&self, grace: Duration) {
        let mut failures = 0;
        loop {
            match self.verify(grace).await {
                Ok(found) => {
                    let Verified { projection, streams, behind, diverged } = found;
                    tracing::info!(projection, streams, behind, diverged, "verified");
                    return;
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(projection = self.shared.projection, %error, failures, "verification waits");
                    tokio::time::sleep(jittered(FIRST_PAUSE, LONGEST_PAUSE, failures)).await;
                }
            }
        }
    }

    /// In parts side by side, as many as the store has: one alone would wait for one answer after the other.
    pub(super) async fn verify(&self, grace: Duration) -> Result<Verified, QueryError> {
        let known = Known::new();
        let parts = FuturesUnordered::new();
        for category in &self.categories {
            for part in self.store.parts(category, AT_ONCE) {
                parts.push(self.part(category, part, &known, grace));
            }
        }
        let parts: Vec<Verified> = parts.try_collect().await?;
        let unknown = self.unknown(&known).await?;
        let sum = |of: fn(&Verified) -> u64| parts.iter().map(of).sum();
        let found = Verified {
            projection: self.shared.projection,
            streams: sum(|part| part.streams),
            behind: sum(|part| part.behind),
            diverged: sum(|part| part.diverged) + unknown,
        };
        self.shared.counts.diverged.add(found.diverged);
        Ok(found)
    }

    /// Heads first, checkpoints after: so a view that is ahead of its head shows what is not in the store.
    async fn part(
        &self,
        category: &str,
        mut after: Option<String>,
        known: &Known,
        grace: Duration,
    ) -> Result<Verified, QueryError> {
        let mut found = Verified { projection: self.shared.projection, streams: 0, behind: 0, diverged: 0 };
        let mut behind = VecDeque::new();
        loop {
            let page = self.store.heads(category, after.as_deref(), PAGE).await?;
            found.streams += page.heads.len() as u64;
            known.add(page.heads.iter().map(|(stream, _)| stream));
            self.compare(page.heads, &mut behind, &mut found).await?;
            if behind.len() >= MOST_BEHIND {
                found.behind += self.fetch(&mut behind, grace).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        found.behind += self.fetch(&mut behind, grace).await?;
        Ok(found)
    }

    async fn compare(
        &self,
        heads: Vec<(StreamId, Version)>,
        behind: &mut VecDeque<(StreamId, u64)>,
        found: &mut Verified,
    ) -> Result<(), QueryError> {
        let streams: Vec<_> = heads.iter().map(|(stream, _)| stream.clone()).collect();
        let checkpoints = self.repository.checkpoints(&streams).await?;
        for ((stream, head), at) in heads.into_iter().zip(checkpoints) {
            if at.applied < head.last_sequence() {
                behind.push_back((stream, head.last_sequence()));
                continue;
            }
            if at.applied == head.last_sequence() && at.commit_id == head.commit_id() {
                continue;
            }
            // The stream may have grown since the page was read.
            let now = self.store.head(&stream).await?;
            if at.applied > now.last_sequence()
                || (at.applied == now.last_sequence() && at.commit_id != now.commit_id())
            {
                found.diverged += 1;
                tracing::error!(
                    projection = self.shared.projection, %stream, applied = at.applied, applied_commit = ?at.commit_id,
                    stored = now.last_sequence(), stored_commit = ?now.commit_id(),
                    "the view shows what the event store does not hold"
                );
            }
        }
        Ok(())
    }

    /// Waits for `grace`, and has the listener fetch what is still behind. Says how much that is.
    async fn fetch(
        &self,
        behind: &mut VecDeque<(StreamId, u64)>,
        grace: Duration,
    ) -> Result<u64, QueryError> {
        if behind.is_empty() {
            return Ok(0);
        }
        tokio::time::sleep_until(Instant::now() + grace).await;
        let mut count = 0;
        while !behind.is_empty() {
            let some: Vec<_> = behind.drain(..behind.len().min(PAGE)).collect();
            let streams: Vec<_> = some.iter().map(|(stream, _)| stream.clone()).collect();
            let checkpoints = self.repository.checkpoints(&streams).await?;
            for ((stream, sequence), at) in some.into_iter().zip(checkpoints) {
                if at.applied < sequence && at.parked.is_none() {
                    count += 1;
                    self.shared.counts.behind.add(1);
                    // Fails only when the listener has ended.
                    let _ = self.hints.send(stream).await;
                }
            }
        }
        Ok(count)
    }
}
