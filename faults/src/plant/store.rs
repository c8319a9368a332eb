//! The plants of the event store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use event_sourcing::{
    snapshot::Snapshot,
    store::{AppendError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version},
};

use super::{Plant, raw::Raw};
use crate::{Failure, place::Place};

/// How long it waits for the store before it looks whether something is there.
const IMPATIENCE: Duration = Duration::from_millis(15);
/// In events. The run's own is 100.
const OTHER_SIZE: u64 = 60;

/// An event store with a mistake.
pub(crate) struct Careless<S> {
    store: Arc<S>,
    plant: Plant,
    raw: Option<Raw>,
    /// Where streams ended when this process last had to do with them.
    ends: Mutex<HashMap<StreamId, Version>>,
}

impl<S: EventStore> Careless<S> {
    pub(crate) async fn new(store: S, place: &Place, plant: Plant) -> Result<Self, Failure> {
        let size = match plant {
            Plant::PlainInsert => Some(crate::place::BUCKET_SIZE),
            Plant::SecondBucketSize => Some(OTHER_SIZE),
            _ => None,
        };
        let raw = match size {
            Some(size) => Some(Raw::open(place.hosts(), place.run(), size, plant).await?),
            None => None,
        };
        Ok(Self { store: Arc::new(store), plant, raw, ends: Mutex::default() })
    }

    fn saw(&self, commit: &Commit) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.insert(commit.stream.clone(), commit.version());
    }

    /// Goes on with the append, but not with waiting for it.
    async fn append_impatiently(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        let (store, sent) = (self.store.clone(), commit.clone());
        let append = tokio::spawn(async move { store.append(sent).await });
        if let Ok(Ok(done)) = tokio::time::timeout(IMPATIENCE, append).await {
            return done;
        }
        match self.store.head(&commit.stream).await {
            Ok(head) if head.commit_id() == Some(commit.id) => Ok(()),
            Ok(_) => Err(AppendError::Unavailable("nothing is there".into())),
            Err(error) => Err(AppendError::OutcomeUnknown(error.into())),
        }
    }
}

impl<S: EventStore> EventStore for Careless<S> {
    type Feed = S::Feed;

    fn limits(&self) -> Limits {
        self.store.limits()
    }

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        match (self.plant, &self.raw) {
            (Plant::AcknowledgedWhenSent, _) => {
                let store = self.store.clone();
                tokio::spawn(async move { store.append(commit).await });
                Ok(())
            }
            (Plant::AbsentIsFailure, _) => self.append_impatiently(commit).await,
            (_, Some(raw)) => raw.append(&commit).await,
            (Plant::StaleTail, _) => {
                self.store.append(commit.clone()).await?;
                self.saw(&commit);
                Ok(())
            }
            _ => self.store.append(commit).await,
        }
    }

    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        let page = self.store.read(stream, from, limit).await?;
        match self.plant {
            Plant::NoGapFetch => return Ok(Page::default()),
            Plant::StaleTail => page.commits.last().into_iter().for_each(|commit| self.saw(commit)),
            _ => {}
        }
        Ok(page)
    }

    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        let known = self.ends.lock().unwrap_or_else(PoisonError::into_inner).get(stream).copied();
        match known {
            Some(known) => Ok(known),
            None => self.store.head(stream).await,
        }
    }

    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        self.store.heads(category, after, limit).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.store.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        self.store.load_snapshot(stream, fingerprint).await
    }

    fn feed(&self) -> Option<S::Feed> {
        self.store.feed()
    }
}
