//! The feed.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use es_core::{
    feed::{ChangeFeed, FeedError, FeedEvent, FeedPayload, FeedRecord, Offset, Partition, Subscription},
    store::Commit,
};
use tokio::sync::Notify;

/// A feed that brings what a test puts into it.
#[derive(Clone, Default)]
pub struct Feed(Arc<FeedState>);

#[derive(Default)]
struct FeedState {
    events: Mutex<VecDeque<Result<FeedEvent, FeedError>>>,
    arrived: Notify,
    taken: AtomicUsize,
    seeks: Mutex<Vec<(String, Option<i64>)>>,
    lost: Mutex<BTreeSet<i64>>,
    lossy: AtomicBool,
    /// What it was told is saved, and how often it was left.
    saved: Mutex<Vec<(String, i64)>>,
    left: AtomicUsize,
}

impl Feed {
    pub fn assigned(partitions: &[&str]) -> Self {
        let feed = Self::default();
        feed.put(FeedEvent::Assigned(partitions.iter().map(|p| (*p).into()).collect()));
        feed
    }
    pub fn put(&self, event: FeedEvent) {
        self.0.events.lock().unwrap().push_back(Ok(event));
        self.0.arrived.notify_one();
    }
    pub fn fail(&self) {
        self.0.events.lock().unwrap().push_back(Err(FeedError::Unavailable("the feed is down".into())));
        self.0.arrived.notify_one();
    }
    pub fn record(&self, partition: &str, offset: i64, payload: FeedPayload) {
        self.put(FeedEvent::Records(vec![record(partition, offset, payload)]));
    }
    pub fn commit(&self, partition: &str, offset: i64, commit: &Arc<Commit>) {
        self.record(partition, offset, FeedPayload::Commit(commit.clone()));
    }
    /// How many events were taken.
    pub fn taken(&self) -> usize {
        self.0.taken.load(Ordering::SeqCst)
    }
    pub fn seeks(&self) -> Vec<(String, Option<i64>)> {
        self.0.seeks.lock().unwrap().clone()
    }
    /// What it was last told is saved.
    pub fn saved(&self) -> Option<(String, i64)> {
        self.0.saved.lock().unwrap().last().cloned()
    }
    /// How often it was left.
    pub fn left(&self) -> usize {
        self.0.left.load(Ordering::SeqCst)
    }
    /// It does not promise to bring everything.
    pub fn lossy(self) -> Self {
        self.0.lossy.store(true, Ordering::SeqCst);
        self
    }
    /// From now on this offset is gone.
    pub fn lose_offset(&self, offset: i64) {
        self.0.lost.lock().unwrap().insert(offset);
    }
}

pub fn record(partition: &str, offset: i64, payload: FeedPayload) -> FeedRecord {
    FeedRecord { partition: partition.into(), offset, payload }
}

impl ChangeFeed for Feed {
    type Subscription = Self;
    async fn subscribe(&self, _: &str, _: &[&'static str]) -> Result<Self, FeedError> {
        Ok(self.clone())
    }
    fn is_complete(&self) -> bool {
        !self.0.lossy.load(Ordering::SeqCst)
    }
}

impl Subscription for Feed {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        loop {
            let arrived = self.0.arrived.notified();
            let event = self.0.events.lock().unwrap().pop_front();
            if let Some(event) = event {
                self.0.taken.fetch_add(1, Ordering::SeqCst);
                return event;
            }
            arrived.await;
        }
    }
    async fn seek(&mut self, partition: &Partition, after: Option<i64>) -> Result<(), FeedError> {
        self.0.seeks.lock().unwrap().push((partition.to_string(), after));
        match after {
            Some(offset) if self.0.lost.lock().unwrap().contains(&offset) => {
                Err(FeedError::OffsetOutOfRange { partition: partition.clone(), offset })
            }
            _ => Ok(()),
        }
    }
    async fn saved(&mut self, offsets: &[Offset]) {
        let offsets = offsets.iter().map(|o| (o.partition.to_string(), o.offset));
        self.0.saved.lock().unwrap().extend(offsets);
    }
    async fn leave(&mut self) {
        self.0.left.fetch_add(1, Ordering::SeqCst);
    }
}
