//! What the group decides, told to the listener before it is carried out.
//!
//! Kafka's client says that partitions come or go, and waits until that is answered. It is answered only when the
//! listener asks for more after it was told: by then it has saved what it had of partitions that go, and said
//! where to begin in those that come.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rdkafka::{
    ClientContext, Offset, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol},
    error::{KafkaError, KafkaResult},
    types::RDKafkaRespErr,
};
use tokio::sync::Notify;

use crate::partitions::Place;

/// A decision of the group that is not answered yet.
#[derive(Debug)]
pub(crate) enum Change {
    Assign(Vec<Place>),
    Revoke(Vec<Place>),
}

/// What the client tells.
#[derive(Debug, Default)]
pub(crate) struct Context {
    changes: Mutex<VecDeque<Change>>,
    /// There is a change.
    pub(crate) changed: Notify,
    /// Nobody is left to be told.
    is_closing: AtomicBool,
    /// What the client said last, which is more than the error's code.
    last_error: Mutex<Option<String>>,
    listener: String,
}

impl Context {
    pub(crate) fn new(listener: &str) -> Self {
        Self { listener: listener.to_owned(), ..Self::default() }
    }

    pub(crate) fn next_change(&self) -> Option<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on, changes are answered at once.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
    }
}

/// Carries out a change. `begin` says where to begin in a partition that comes.
pub(crate) fn answer<C: ConsumerContext>(
    consumer: &impl Consumer<C>,
    change: &Change,
    begin: impl Fn(&Place) -> Offset,
) -> KafkaResult<()> {
    let cooperates = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
    match change {
        Change::Assign(places) => {
            let list = list(places.iter().map(|place| (place, begin(place))))?;
            if cooperates { consumer.incremental_assign(&list) } else { consumer.assign(&list) }
        }
        Change::Revoke(places) if cooperates => {
            consumer.incremental_unassign(&list(places.iter().map(|place| (place, Offset::Invalid)))?)
        }
        Change::Revoke(_) => consumer.unassign(),
    }
}

/// The client's form of a list of places.
pub(crate) fn list<'a>(places: impl Iterator<Item = (&'a Place, Offset)>) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (place, offset) in places {
        list.add_partition_offset(&place.topic, place.number, offset)?;
    }
    Ok(list)
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let elements = list.elements();
        let places = elements.iter().map(|e| Place { topic: e.topic().to_owned(), number: e.partition() });
        let places: Vec<_> = places.collect();
        let change = match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Change::Assign(places),
            _ => Change::Revoke(places),
        };
        tracing::debug!(listener = self.listener, ?change, "the group decides");
        if self.is_closing.load(Ordering::SeqCst) {
            // Anything but leaving would be of no use to anybody.
            let given_up = match change {
                Change::Assign(_) => Change::Assign(Vec::new()),
                revoke => revoke,
            };
            if let Err(error) = answer(consumer, &given_up, |_| Offset::Invalid) {
                tracing::debug!(listener = self.listener, %error, "leaving the group");
            }
            return;
        }
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push_back(change);
        self.changed.notify_one();
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(listener = self.listener, %error, "offsets are not shown in Kafka");
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => {
                tracing::warn!(listener = self.listener, facility, message, "Kafka's client");
            }
            _ => tracing::debug!(listener = self.listener, facility, message, "Kafka's client"),
        }
    }

    /// The same comes out of the queue, where it is dealt with.
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(listener = self.listener, %error, reason, "Kafka's client");
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }

    fn stats(&self, statistics: Statistics) {
        let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
        let lag: i64 = partitions.map(|partition| partition.consumer_lag.max(0)).sum();
        tracing::debug!(
            listener = self.listener,
            lag,
            records = statistics.rxmsgs,
            bytes = statistics.rxmsg_bytes,
            queued = statistics.replyq,
            "Kafka's client"
        );
    }
}
