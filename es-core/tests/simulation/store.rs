//! A process' way to the event store.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use es_core::{
    feed::NoFeed,
    snapshot::Snapshot,
    store::{AppendError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version},
};
use tokio::time::sleep;

use super::{
    bank::number,
    host::{Down, Fate, Host},
    plant::Plant,
    world::Reach,
};

/// What was written over, where a mistake on purpose does that.
pub type Over = Arc<Mutex<BTreeMap<(StreamId, u64), Arc<Commit>>>>;

#[derive(Clone)]
pub struct SimStore {
    pub host: Arc<Host>,
    pub over: Over,
    /// Whether reads find nothing, where a mistake on purpose does that to a listener.
    pub is_empty: bool,
}

fn unread(_: Down) -> ReadError {
    ReadError::Unavailable("the store does not answer".into())
}

fn unknown() -> AppendError {
    AppendError::OutcomeUnknown("the store does not say".into())
}

impl SimStore {
    /// Has the commit stored: by what goes on without this process once it is sent, or with it.
    async fn send(&self, commit: &Arc<Commit>) -> Result<(), AppendError> {
        let world = self.host.world.clone();
        if world.draw(|dice| dice.in_thousand(500)) {
            let (way, commit) = (world.delay(), commit.clone());
            let sent = tokio::spawn(async move {
                sleep(way).await;
                world.store(commit).await
            });
            return sent.await.unwrap();
        }
        self.host.way().await;
        world.store(commit.clone()).await
    }

    fn send_later(&self, commit: &Arc<Commit>) {
        let (world, commit) = (self.host.world.clone(), commit.clone());
        let late = Duration::from_millis(world.draw(|dice| dice.between(1, 3000)));
        tokio::spawn(async move {
            sleep(late).await;
            // Nobody waits for the answer.
            world.store_unseen(commit).await;
        });
    }

    fn refused(&self, commit: &Arc<Commit>, error: AppendError) -> Result<(), AppendError> {
        let AppendError::Conflict { winner: Some(_) } = &error else { return Err(error) };
        if self.host.world.has(Plant::Overwrites) {
            let place = (commit.stream.clone(), commit.sequence);
            self.over.lock().unwrap_or_else(PoisonError::into_inner).insert(place, commit.clone());
            return Ok(());
        }
        if self.host.world.has(Plant::LoserWins) { Ok(()) } else { Err(error) }
    }

    pub fn written_over(over: &Over, commit: Arc<Commit>) -> Arc<Commit> {
        let over = over.lock().unwrap_or_else(PoisonError::into_inner);
        over.get(&(commit.stream.clone(), commit.sequence)).cloned().unwrap_or(commit)
    }
}

impl EventStore for SimStore {
    type Feed = NoFeed;

    fn limits(&self) -> Limits {
        self.host.world.commits.limits()
    }

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        let (host, whom) = (&self.host, number(&commit.stream));
        host.alive().await;
        host.note("append", whom, commit.sequence);
        let outcome = match host.fate(Reach::Store) {
            Fate::Answered => match self.send(&commit).await {
                Ok(()) => Ok(()),
                Err(error) => self.refused(&commit, error),
            },
            Fate::Before => Err(AppendError::Unavailable("the store is down".into())),
            Fate::After => {
                // Whether it was refused, nobody gets to know either.
                self.host.way().await;
                self.host.world.store_unseen(commit.clone()).await;
                Err(unknown())
            }
            Fate::Late => {
                self.send_later(&commit);
                Err(unknown())
            }
            Fate::Hangs => {
                if host.world.draw(|dice| dice.in_thousand(500)) {
                    self.send_later(&commit);
                }
                let _ = host.hang::<()>().await;
                Err(unknown())
            }
        };
        host.way().await;
        host.note("append is", whom, u64::from(outcome.is_ok()));
        match outcome {
            Err(AppendError::OutcomeUnknown(error)) if host.world.has(Plant::UnknownIsFailure) => {
                Err(AppendError::Unavailable(error))
            }
            outcome => outcome,
        }
    }

    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        let (whom, world) = (number(stream), &self.host.world);
        let read =
            self.host.look((Reach::Store, ""), "read", whom, world.commits.read(stream, from, limit)).await;
        let mut page = read.map_err(unread)??;
        world.without_unseen(stream, &mut page);
        self.host.note("read is", from, page.commits.len() as u64);
        if world.has(Plant::Overwrites) {
            page.commits =
                page.commits.into_iter().map(|commit| Self::written_over(&self.over, commit)).collect();
        }
        let stale = page.commits.len() > 1 && !page.more && world.has(Plant::StaleReads);
        if stale && world.goes_wrong(300) {
            page.commits.pop();
        }
        if self.is_empty {
            page = Page::default();
        }
        Ok(page)
    }

    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        let world = &self.host.world;
        let head = async {
            if world.has(Plant::HeadsAreReads) {
                let mut all = world.commits.read(stream, 1, usize::MAX).await?;
                world.without_unseen(stream, &mut all);
                return Ok(all.commits.last().map_or(Version::EMPTY, |commit| commit.version()));
            }
            world.look_serially(stream);
            world.commits.head(stream).await
        };
        self.host.look((Reach::Store, ""), "head", number(stream), head).await.map_err(unread)?
    }

    async fn heads(&self, category: &str, after: Option<&str>, _: usize) -> Result<HeadPage, ReadError> {
        let heads = async {
            // In pages that are smaller than there are streams.
            let mut page = self.host.world.commits.heads(category, after, 2).await?;
            self.host.world.heads_without_unseen(&mut page).await;
            Ok(page)
        };
        self.host.look((Reach::Store, ""), "heads", 0, heads).await.map_err(unread)?
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        let whom = number(&snapshot.stream);
        let saved = self
            .host
            .look((Reach::Store, ""), "save snapshot", whom, self.host.world.commits.save_snapshot(snapshot))
            .await;
        saved.map_err(unread)?
    }

    async fn load_snapshot(&self, stream: &StreamId, shape: u64) -> Result<Option<Snapshot>, ReadError> {
        let whom = number(stream);
        let load = self.host.world.commits.load_snapshot(stream, shape);
        self.host.look((Reach::Store, ""), "load snapshot", whom, load).await.map_err(unread)?
    }

    fn feed(&self) -> Option<NoFeed> {
        None
    }
}
