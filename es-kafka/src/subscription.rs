use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use es_core::feed::{FeedError, FeedEvent, FeedRecord, Offset, Partition, Subscription};
use rdkafka::{
    Message, Offset as KafkaOffset,
    consumer::{CommitMode, Consumer, StreamConsumer},
    error::KafkaError,
    message::BorrowedMessage,
};

use crate::{
    ConsumeError,
    debezium::{Table, decode},
    error::Reported,
    feed::Settings,
    partitions::{Partitions, Place},
    rebalance::{Change, Context, answer, list},
};

/// A batch ends with this many records, or bytes of them.
const BATCH: usize = 2000;
const BATCH_BYTES: usize = 8 << 20;
/// How long a broker may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How many of the client's reports are looked at for the reason of an error.
const QUEUED: usize = 64;
/// How long leaving the group may hold up the thread of who drops a subscription.
const HOLD_UP: Duration = Duration::from_millis(200);
/// How long it may take where somebody waits for it.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// One listener's place in the topics of a [`KafkaChangeFeed`](crate::KafkaChangeFeed).
///
/// Dropping it leaves the consumer group, in the background.
#[derive(Debug)]
pub struct KafkaSubscription {
    settings: Arc<Settings>,
    /// Taken only when dropped.
    consumer: Option<Arc<Reader>>,
    group: String,
    tables: HashMap<String, Arc<Table>>,
    partitions: Partitions,
    /// What the listener was told, and is to be answered when it asks for more.
    told: Option<Change>,
    /// Where to begin in partitions that are to come.
    begin: HashMap<Place, KafkaOffset>,
    /// What ended the last batch.
    failed: Option<ConsumeError>,
}

/// Kafka's client.
pub(crate) struct Reader(StreamConsumer<Context>);

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StreamConsumer")
    }
}

pub(crate) async fn subscribe(
    settings: &Arc<Settings>,
    listener: &str,
    categories: &[&'static str],
) -> Result<KafkaSubscription, ConsumeError> {
    let group = settings.group(listener);
    let topics = settings.topics(categories);
    let mut client = settings.client.clone();
    client.set("group.id", &group);
    let consumer: StreamConsumer<Context> = client
        .create_with_context(Context::new(listener))
        .map_err(|error| ConsumeError::Client(error.into()))?;
    let mut subscription = KafkaSubscription {
        settings: settings.clone(),
        consumer: Some(Arc::new(Reader(consumer))),
        group,
        tables: HashMap::new(),
        partitions: Partitions::default(),
        told: None,
        begin: HashMap::new(),
        failed: None,
    };
    for (topic, _) in &topics {
        subscription.look_for(topic.clone()).await?;
    }
    let names: Vec<&str> = topics.iter().map(|(topic, _)| topic.as_str()).collect();
    subscription.client().subscribe(&names).map_err(|error| ConsumeError::Failed(error.into()))?;
    subscription.tables = topics.into_iter().map(|(topic, table)| (topic, Arc::new(table))).collect();
    Ok(subscription)
}

impl Subscription for KafkaSubscription {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        if let Some(error) = self.failed.take() {
            return Err(unavailable(error));
        }
        // Nothing is lost when the call is dropped: it waits only while it has nothing in hand.
        self.answer().map_err(unavailable)?;
        loop {
            if let Some(event) = self.change().map_err(unavailable)? {
                return Ok(event);
            }
            let consumer = self.reader();
            let first = tokio::select! {
                biased;
                () = consumer.0.context().changed.notified() => continue,
                message = consumer.0.recv() => message,
            };
            let mut batch = Batch::default();
            self.take(first, &mut batch).map_err(unavailable)?;
            while batch.has_room() {
                let Some(more) = now(consumer.0.recv()) else { break };
                if let Err(error) = self.take(more, &mut batch) {
                    // What came before it is good.
                    self.failed = Some(error);
                    break;
                }
            }
            if !batch.records.is_empty() {
                return Ok(FeedEvent::Records(batch.records));
            }
            if let Some(error) = self.failed.take() {
                return Err(unavailable(error));
            }
        }
    }

    async fn seek(&mut self, partition: &Partition, after: Option<i64>) -> Result<(), FeedError> {
        let place = Place::of(partition);
        let is_coming =
            |place: &Place| matches!(&self.told, Some(Change::Assign(places)) if places.contains(place));
        let Some(place) = place.filter(|place| is_coming(place) || self.partitions.has(place)) else {
            return Err(unavailable(ConsumeError::NotAssigned(partition.to_string())));
        };
        if let Some(offset) = after {
            let (low, high) = self.watermarks(&place).await.map_err(unavailable)?;
            if offset + 1 < low || offset + 1 > high {
                return Err(FeedError::OffsetOutOfRange { partition: partition.clone(), offset });
            }
        }
        let begin = after.map_or(KafkaOffset::Beginning, |offset| KafkaOffset::Offset(offset + 1));
        if is_coming(&place) {
            self.begin.insert(place, begin);
            return Ok(());
        }
        self.jump(place, begin).await.map_err(unavailable)
    }

    async fn saved(&mut self, offsets: &[Offset]) {
        let places = offsets.iter().filter_map(|offset| Some((Place::of(&offset.partition)?, offset.offset)));
        let ours: Vec<_> = places.filter(|(place, _)| self.partitions.has(place)).collect();
        if ours.is_empty() {
            return;
        }
        // Kafka counts from the record that comes next.
        let list = list(ours.iter().map(|(place, offset)| (place, KafkaOffset::Offset(offset + 1))));
        if let Err(error) = list.and_then(|list| self.client().commit(&list, CommitMode::Async)) {
            tracing::debug!(group = self.group, %error, "offsets are not shown in Kafka");
        }
    }

    async fn leave(&mut self) {
        let (left, wait) = tokio::sync::oneshot::channel::<()>();
        if self.begin_to_leave(left) && tokio::time::timeout(LEAVE_WITHIN, wait).await.is_err() {
            tracing::warn!(
                group = self.group,
                "the group was not left in time: others wait for the session to end"
            );
        }
    }
}

impl KafkaSubscription {
    fn reader(&self) -> Arc<Reader> {
        self.consumer.clone().expect("taken only when dropped")
    }

    fn client(&self) -> &StreamConsumer<Context> {
        &self.consumer.as_ref().expect("taken only when dropped").0
    }

    /// The next change of what is ours, to be told.
    fn change(&mut self) -> Result<Option<FeedEvent>, ConsumeError> {
        while let Some(change) = self.client().context().next_change() {
            let names = |places: &[Place]| places.iter().map(Place::name).collect::<Vec<_>>();
            let event = match &change {
                Change::Assign(places) => FeedEvent::Assigned(names(places)),
                Change::Revoke(places) => FeedEvent::Revoked(names(places)),
            };
            let is_empty =
                matches!(&change, Change::Assign(places) | Change::Revoke(places) if places.is_empty());
            self.told = Some(change);
            if !is_empty {
                return Ok(Some(event));
            }
            self.answer()?;
        }
        Ok(None)
    }

    /// Carries out what the listener was told.
    fn answer(&mut self) -> Result<(), ConsumeError> {
        let Some(change) = self.told.take() else { return Ok(()) };
        let begin = std::mem::take(&mut self.begin);
        let at = |place: &Place| begin.get(place).copied().unwrap_or(KafkaOffset::Beginning);
        answer(self.client(), &change, at).map_err(|error| ConsumeError::Failed(error.into()))?;
        match change {
            Change::Assign(places) => {
                for place in places {
                    // The client assigns what was subscribed to, and nothing else.
                    if let Some(table) = self.tables.get(&place.topic).cloned() {
                        self.partitions.add(place, table);
                    }
                }
            }
            Change::Revoke(places) => self.partitions.remove(&places),
        }
        Ok(())
    }

    /// Takes what the client brought.
    fn take(
        &mut self,
        message: Result<BorrowedMessage<'_>, KafkaError>,
        batch: &mut Batch,
    ) -> Result<(), ConsumeError> {
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                let said = error.to_string();
                match Reported::of(error, self.client().context(), &self.settings.brokers, &self.group) {
                    Reported::Ends(error) => return Err(error),
                    Reported::NoTopic => {
                        tracing::warn!(group = self.group, "a topic is not there, it is waited for: {said}");
                    }
                    Reported::Passing => {
                        tracing::debug!(group = self.group, "the client tries again: {said}");
                    }
                }
                return Ok(());
            }
        };
        // What is not ours any more is another listener's.
        if let Some(owned) = self.partitions.find(message.topic(), message.partition()) {
            batch.bytes += message.payload_len();
            batch.records.push(FeedRecord {
                partition: owned.name.clone(),
                offset: message.offset(),
                payload: decode(&owned.table, message.key(), message.payload()),
            });
        }
        Ok(())
    }

    /// Says so if a topic is not there, and if no broker is.
    async fn look_for(&self, topic: String) -> Result<(), ConsumeError> {
        let (reader, name) = (self.reader(), topic.clone());
        let found = blocking(move || {
            let metadata = reader.0.fetch_metadata(Some(&name), ANSWER_WITHIN)?;
            Ok(metadata
                .topics()
                .iter()
                .any(|topic| topic.error().is_none() && !topic.partitions().is_empty()))
        });
        match found.await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                group = self.group,
                topic,
                "the topic is not there; it is waited for until the connector, or somebody else, creates it"
            ),
            Err(error) => {
                // What the client has to say more waits in its queue, a few lines of it.
                (0..QUEUED).for_each(|_| drop(now(self.client().recv())));
                let reason = self.client().context().last_error().unwrap_or_else(|| error.to_string());
                return Err(ConsumeError::Unreachable { brokers: self.settings.brokers.clone(), reason });
            }
        }
        Ok(())
    }

    /// The first offset that is there, and the one that comes next.
    async fn watermarks(&self, place: &Place) -> Result<(i64, i64), ConsumeError> {
        let (reader, at) = (self.reader(), place.clone());
        let marks = blocking(move || reader.0.fetch_watermarks(&at.topic, at.number, ANSWER_WITHIN)).await;
        marks
            .map_err(|error| ConsumeError::Seek { partition: place.name().to_string(), reason: error.into() })
    }

    /// Goes on elsewhere in a partition that is ours.
    async fn jump(&self, place: Place, begin: KafkaOffset) -> Result<(), ConsumeError> {
        let (reader, at) = (self.reader(), place.clone());
        let jumped = blocking(move || {
            let places = list([(&at, begin)].into_iter())?;
            let done = reader.0.seek_partitions(places, ANSWER_WITHIN)?;
            done.elements().iter().try_for_each(|element| element.error())
        });
        let told = |error: KafkaError| ConsumeError::Seek {
            partition: place.name().to_string(),
            reason: error.into(),
        };
        jumped.await.map_err(told)
    }
}

impl Drop for KafkaSubscription {
    /// Leaving the group waits for the broker, which must not hold up other tasks; a moment is given to it, so that
    /// others need not wait for this process's session to run out when it ends right after.
    fn drop(&mut self) {
        let (left, wait) = std::sync::mpsc::channel::<()>();
        if self.begin_to_leave(left) {
            // An error is the channel's end: it has left.
            let _ = wait.recv_timeout(HOLD_UP);
        }
    }
}

impl KafkaSubscription {
    /// Leaves the group on a thread of its own, since that waits for the broker, and drops `left` then. Says whether it
    /// has begun.
    fn begin_to_leave(&mut self, left: impl Send + 'static) -> bool {
        let Some(reader) = self.consumer.take() else { return false };
        reader.0.context().close();
        let told = self.told.take();
        let leave = move || {
            for change in told.into_iter().chain(std::iter::from_fn(|| reader.0.context().next_change())) {
                let change =
                    if matches!(change, Change::Assign(_)) { Change::Assign(Vec::new()) } else { change };
                // Whatever comes of it, the client is closed next.
                let _ = answer(&reader.0, &change, |_| KafkaOffset::Invalid);
            }
            drop(reader);
            drop(left);
        };
        std::thread::Builder::new().name("kafka-leave".to_owned()).spawn(leave).is_ok()
    }
}

#[derive(Default)]
struct Batch {
    records: Vec<FeedRecord>,
    bytes: usize,
}

impl Batch {
    fn has_room(&self) -> bool {
        self.records.len() < BATCH && self.bytes < BATCH_BYTES
    }
}

fn unavailable(error: ConsumeError) -> FeedError {
    FeedError::Unavailable(Box::new(error))
}

/// What the future has to give at once.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

/// Runs a call of the client that waits for a broker.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, KafkaError> {
    // It is cancelled only when the runtime ends, and panics only if the client does.
    tokio::task::spawn_blocking(call).await.unwrap_or(Err(KafkaError::Canceled))
}
