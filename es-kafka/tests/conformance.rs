//! The feed passes the suite that every feed passes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use es_core::{
    feed::{ChangeFeed, FeedError, NoFeed},
    snapshot::Snapshot,
    store::{
        AppendError, Commit, EventStore, HeadPage, MemoryEventStore, Page, ReadError, StreamId, Version,
    },
    testing::conformance::ChangeFeedFixture,
};
use es_kafka::{KafkaChangeFeed, KafkaSubscription};

use crate::broker::Topics;

/// The suite's categories.
const CATEGORIES: [&str; 2] = ["conformance", "elsewhere"];

#[derive(Default)]
struct Kafka {
    topics: tokio::sync::OnceCell<Arc<Topics>>,
    store: MemoryEventStore,
}

impl ChangeFeedFixture for Kafka {
    type Store = Published;
    type Feed = Alone;
    async fn open(&self) -> (Published, Alone) {
        let create = async || {
            let topics = Topics::new();
            for category in CATEGORIES {
                topics.create(category).await;
            }
            Arc::new(topics)
        };
        let topics = self.topics.get_or_init(create).await.clone();
        let feed = Alone { feed: topics.feed().build().unwrap() };
        (Published { store: self.store.clone(), topics }, feed)
    }
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// A store whose commits are in the topic as soon as they are acknowledged.
struct Published {
    store: MemoryEventStore,
    topics: Arc<Topics>,
}

impl EventStore for Published {
    type Feed = NoFeed;
    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        self.store.append(commit.clone()).await?;
        let category = CATEGORIES.into_iter().find(|category| *category == commit.stream.category).unwrap();
        self.topics.publish(category, &commit).await;
        Ok(())
    }
    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        self.store.read(stream, from, limit).await
    }
    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.store.head(stream).await
    }
    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        self.store.heads(category, after, limit).await
    }
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.store.save_snapshot(snapshot).await
    }
    async fn load_snapshot(&self, stream: &StreamId, shape: u64) -> Result<Option<Snapshot>, ReadError> {
        self.store.load_snapshot(stream, shape).await
    }
    fn feed(&self) -> Option<NoFeed> {
        None
    }
}

/// Each subscription is a group of its own: the suite wants every partition, also while another subscription of the
/// same listener is open, where Kafka would share them out.
struct Alone {
    feed: KafkaChangeFeed,
}

static SUBSCRIPTIONS: AtomicUsize = AtomicUsize::new(0);

impl ChangeFeed for Alone {
    type Subscription = KafkaSubscription;
    async fn subscribe(
        &self,
        listener: &str,
        categories: &[&'static str],
    ) -> Result<KafkaSubscription, FeedError> {
        let number = SUBSCRIPTIONS.fetch_add(1, Ordering::SeqCst);
        self.feed.subscribe(&format!("{listener}-{number}"), categories).await
    }
}

mod feed {
    es_core::testing::change_feed_conformance!(super::Kafka::default());
}
