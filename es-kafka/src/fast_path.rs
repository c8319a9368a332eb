use std::sync::Arc;

use es_core::{
    snapshot::Snapshot,
    store::{AppendError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version},
};
use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    message::DeliveryResult,
    producer::{BaseRecord, ProducerContext, ThreadedProducer},
};

use crate::{
    Client, KafkaChangeFeed,
    debezium::{key_of, record_of},
    feed::Settings,
};

/// By what the connector chooses the partition of a record, so that its copy and ours meet in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partitioning {
    /// The aggregate's id alone: the standalone agent with `AggregatePartitioner`.
    AggregateId,
    /// The key that is left when the connector keeps only `aggregate_id` in it: `ReplaceField$Key` in Kafka Connect.
    ConnectKey,
}

/// The fast path could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("no Kafka producer can be made: {0}; the feed's options are the producer's too")]
pub struct FastPathError(#[source] Client);

/// An event store that shows each commit to listeners at once, without waiting for the connector; see
/// [`KafkaChangeFeed::fast_path`]. Clones share one producer.
#[derive(Clone, Debug)]
pub struct FastPath<S> {
    store: S,
    publisher: Arc<Publisher>,
}

impl KafkaChangeFeed {
    /// `store`, with every commit also sent to the topic that the connector writes it to.
    ///
    /// A listener takes whichever copy comes first, and drops the other. The connector stays the guarantee: a commit
    /// that cannot be sent, e.g. as no broker answers, is stored all the same and comes through it, and no command
    /// waits for a broker or fails with it.
    ///
    /// ```no_run
    /// use es_core::{app::App, store::EventStore};
    /// use es_kafka::{KafkaChangeFeed, Partitioning};
    ///
    /// async fn start(store: impl EventStore) -> Result<App, Box<dyn std::error::Error>> {
    ///     let feed = KafkaChangeFeed::builder("127.0.0.1:9092").keyspace("bank").build()?;
    ///     let store = feed.fast_path(store, Partitioning::AggregateId)?;
    ///     Ok(App::builder(store).change_feed(feed).start().await?)
    /// }
    /// ```
    ///
    /// # Errors
    /// When no producer can be made of the feed's options.
    pub fn fast_path<S: EventStore>(
        &self,
        store: S,
        partitioning: Partitioning,
    ) -> Result<FastPath<S>, FastPathError> {
        Ok(FastPath { store, publisher: Arc::new(Publisher::new(self.settings(), partitioning)?) })
    }
}

/// Sends commits, and forgets them.
struct Publisher {
    settings: Arc<Settings>,
    producer: ThreadedProducer<Context>,
    partitioning: Partitioning,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher").field("partitioning", &self.partitioning).finish_non_exhaustive()
    }
}

impl Publisher {
    fn new(settings: &Arc<Settings>, partitioning: Partitioning) -> Result<Self, FastPathError> {
        let mut client = settings.producer();
        for (option, value) in [
            // As Kafka's own clients choose a partition by a key.
            ("partitioner", "murmur2"),
            ("linger.ms", "0"),
            ("acks", "1"),
            // What is late is of no use: the connector's copy is there by then.
            ("message.timeout.ms", "5000"),
            ("queue.buffering.max.kbytes", "16384"),
            // A commit at the store's limit, in base64.
            ("message.max.bytes", "8388608"),
        ] {
            client.set(option, value);
        }
        let producer = client.create_with_context(Context).map_err(|error| FastPathError(error.into()))?;
        Ok(Self { settings: settings.clone(), producer, partitioning })
    }

    /// Puts the commit into the producer's queue, and waits for nothing.
    fn send(&self, commit: &Commit) {
        let (topic, table) = self.settings.topic(commit.stream.category.clone());
        let key = match self.partitioning {
            Partitioning::AggregateId => commit.stream.id.as_bytes().to_vec(),
            Partitioning::ConnectKey => key_of(&commit.stream.id),
        };
        let value = record_of(&table, commit);
        let record = BaseRecord::to(&topic).key(&key).payload(&value);
        if let Err((error, _)) = self.producer.send(record) {
            not_sent(&error);
        }
    }
}

fn not_sent(error: &KafkaError) {
    tracing::debug!(%error, "a commit does not take the fast path; the connector brings it");
}

struct Context;

impl ClientContext for Context {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "Kafka's client");
    }
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka's client");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();
    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            not_sent(error);
        }
    }
}

impl<S: EventStore> EventStore for FastPath<S> {
    type Feed = S::Feed;

    fn limits(&self) -> Limits {
        self.store.limits()
    }
    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        self.store.append(commit.clone()).await?;
        self.publisher.send(&commit);
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
    fn parts(&self, category: &str, most: usize) -> Vec<Option<String>> {
        self.store.parts(category, most)
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
