use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::Notify;

use super::{ChangeFeed, FeedError, FeedEvent, FeedPayload, FeedRecord, Offset, Partition, Subscription};
use crate::store::{Commit, StreamId};

/// The most commits, and about the most bytes of them, that wait for one subscription whole.
const MOST: usize = 8192;
const MOST_BYTES: usize = 16 << 20;
const BATCH: usize = 1000;

/// What one process appends to a store, as a change feed: for stores that have no feed of their own, where no
/// pipeline brings their commits.
///
/// The store calls [`InProcess::publish`] for each commit that is durable. Commits of other processes, and those
/// from before a subscription began, do not come: the feed is not [complete](ChangeFeed::is_complete), so
/// listeners verify their views at the start and regularly, which brings them too, late.
///
/// A subscription that falls behind keeps only the names of the streams that went on; their commits are then
/// fetched from the store.
#[derive(Clone, Default)]
pub struct InProcess(Arc<Mutex<Vec<Weak<Queue>>>>);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl InProcess {
    /// A feed without subscriptions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows a durable commit to every subscription of its category.
    pub fn publish(&self, commit: &Arc<Commit>) {
        self.queues().retain(|queue| match queue.upgrade() {
            Some(queue) => {
                queue.push(commit);
                true
            }
            None => false,
        });
    }

    fn queues(&self) -> MutexGuard<'_, Vec<Weak<Queue>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChangeFeed for InProcess {
    type Subscription = InProcessSubscription;

    async fn subscribe(
        &self,
        _: &str,
        categories: &[&'static str],
    ) -> Result<InProcessSubscription, FeedError> {
        let waiting = Mutex::default();
        let queue = Arc::new(Queue { categories: categories.to_vec(), waiting, arrived: Notify::new() });
        self.queues().push(Arc::downgrade(&queue));
        Ok(InProcessSubscription { queue, partition: "in-process".into(), assigned: false, next: 0 })
    }

    fn is_complete(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct Queue {
    categories: Vec<&'static str>,
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    commits: VecDeque<Arc<Commit>>,
    bytes: usize,
    /// Up to where streams went on after the queue was full.
    streams: BTreeMap<StreamId, u64>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, commit: &Arc<Commit>) {
        if !self.categories.iter().any(|category| *category == commit.stream.category) {
            return;
        }
        let mut waiting = self.lock();
        // Commits behind a name would come before it: the rest is names until all is taken.
        if waiting.streams.is_empty() && waiting.commits.len() < MOST && waiting.bytes < MOST_BYTES {
            waiting.bytes += commit.size();
            waiting.commits.push_back(commit.clone());
        } else {
            let reached = waiting.streams.entry(commit.stream.clone()).or_default();
            *reached = commit.sequence.max(*reached);
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    fn take(&self) -> Vec<FeedPayload> {
        let mut waiting = self.lock();
        let count = waiting.commits.len().min(BATCH);
        let commits: Vec<_> = waiting.commits.drain(..count).collect();
        if commits.is_empty() {
            let mut names = Vec::new();
            while let Some((stream, sequence)) = waiting.streams.pop_first() {
                names.push(FeedPayload::Hint { stream, sequence });
                if names.len() == BATCH {
                    break;
                }
            }
            return names;
        }
        waiting.bytes -= commits.iter().map(|commit| commit.size()).sum::<usize>();
        commits.into_iter().map(FeedPayload::Commit).collect()
    }
}

/// One listener's place in an [`InProcess`] feed.
#[derive(Debug)]
pub struct InProcessSubscription {
    queue: Arc<Queue>,
    partition: Partition,
    assigned: bool,
    next: i64,
}

impl Subscription for InProcessSubscription {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        if !self.assigned {
            self.assigned = true;
            return Ok(FeedEvent::Assigned(vec![self.partition.clone()]));
        }
        loop {
            let payloads = self.queue.take();
            if payloads.is_empty() {
                self.queue.arrived.notified().await;
                continue;
            }
            let partition = &self.partition;
            let records = (self.next..).zip(payloads);
            let records: Vec<_> = records
                .map(|(offset, payload)| FeedRecord { partition: partition.clone(), offset, payload })
                .collect();
            self.next += records.len() as i64;
            return Ok(FeedEvent::Records(records));
        }
    }

    /// Offsets are of this process: what was saved by another one means nothing here.
    async fn seek(&mut self, _: &Partition, _: Option<i64>) -> Result<(), FeedError> {
        Ok(())
    }

    async fn saved(&mut self, _: &[Offset]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Codec, store::from_millis};

    fn commit(category: &'static str, id: &str, sequence: u64, bytes: usize) -> Arc<Commit> {
        Arc::new(Commit {
            stream: StreamId::new(category, id),
            sequence,
            last_sequence: sequence,
            id: uuid::Uuid::from_u128(sequence.into()),
            parent: None,
            committed_at: from_millis(0),
            codec: Codec::Json,
            events: vec![0; bytes].into(),
            metadata: Default::default(),
        })
    }

    async fn shown(subscription: &mut InProcessSubscription) -> Vec<(i64, String, u64, bool)> {
        match subscription.next().await.unwrap() {
            FeedEvent::Records(records) => {
                let shown = records.into_iter().map(|record| match record.payload {
                    FeedPayload::Commit(commit) => {
                        (record.offset, commit.stream.id.to_string(), commit.sequence, true)
                    }
                    FeedPayload::Hint { stream, sequence } => {
                        (record.offset, stream.id.to_string(), sequence, false)
                    }
                    other => panic!("{other:?}"),
                });
                shown.collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn shows_what_its_process_appends_to_those_who_listen_to_it() {
        let feed = InProcess::new();
        feed.publish(&commit("note", "before", 1, 1));
        let mut notes = feed.subscribe("notes", &["note"]).await.unwrap();
        assert!(matches!(notes.next().await, Ok(FeedEvent::Assigned(partitions)) if partitions.len() == 1));
        feed.publish(&commit("note", "a", 1, 1));
        feed.publish(&commit("other", "a", 1, 1));
        feed.publish(&commit("note", "a", 2, 1));
        let one = |offset, sequence| (offset, "a".to_owned(), sequence, true);
        assert_eq!(shown(&mut notes).await, [one(0, 1), one(1, 2)]);
        drop(notes);
        feed.publish(&commit("note", "a", 3, 1));
        assert!(feed.queues().is_empty(), "nobody listens any more");
    }

    #[tokio::test]
    async fn names_the_streams_of_what_was_too_much_to_keep() {
        let feed = InProcess::new();
        let mut notes = feed.subscribe("notes", &["note"]).await.unwrap();
        notes.next().await.unwrap();
        for sequence in 1..=MOST as u64 + 5 {
            feed.publish(&commit("note", "a", sequence, 1));
        }
        feed.publish(&commit("note", "b", 1, 1));
        let mut whole = 0;
        let names = loop {
            let records = shown(&mut notes).await;
            match records.iter().all(|(.., whole)| *whole) {
                true => whole += records.len(),
                false => break records,
            }
        };
        assert_eq!(whole, MOST);
        let at = MOST as i64;
        let name = |offset, id: &str, sequence| (offset, id.to_owned(), sequence, false);
        assert_eq!(names, [name(at, "a", MOST as u64 + 5), name(at + 1, "b", 1)]);
        // By bytes too, and whole again once it has caught up.
        feed.publish(&commit("note", "a", 1, MOST_BYTES));
        feed.publish(&commit("note", "a", 2, 1));
        assert_eq!(shown(&mut notes).await, [(at + 2, "a".to_owned(), 1, true)]);
        assert_eq!(shown(&mut notes).await, [name(at + 3, "a", 2)]);
        feed.publish(&commit("note", "a", 3, 1));
        assert_eq!(shown(&mut notes).await, [(at + 4, "a".to_owned(), 3, true)]);
    }
}
