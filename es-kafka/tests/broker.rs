//! The broker, topics that no other test uses, and a connector that does what a test tells it.

use std::{net::SocketAddr, time::Duration};

use es_core::store::{Commit, StreamId};
use es_kafka::{
    Builder, KafkaChangeFeed,
    debezium::{Table, key_of, record_of},
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    producer::{FutureProducer, FutureRecord},
};

pub const PARTITIONS: i32 = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// `ES_KAFKA_BROKERS`, or the stack's broker.
pub fn brokers() -> String {
    std::env::var("ES_KAFKA_BROKERS").unwrap_or_else(|_| "127.0.0.1:9092".to_owned())
}

/// The stack's broker has a second door: it listens at one port, and tells clients to come to another, where a test
/// stands in between. Both, in that order.
pub fn door() -> (SocketAddr, SocketAddr) {
    let broker: SocketAddr = brokers().parse().unwrap();
    let at = |more| SocketAddr::new(broker.ip(), broker.port() + more);
    (at(2), at(3))
}

/// The topics of one keyspace.
pub struct Topics {
    pub keyspace: String,
    admin: AdminClient<DefaultClientContext>,
    producer: FutureProducer,
}

impl Topics {
    pub fn new() -> Self {
        let keyspace = format!("t_{}", uuid::Uuid::now_v7().simple());
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", brokers()).set("message.max.bytes", "33554432");
        Self {
            keyspace,
            admin: client.create().unwrap(),
            producer: client.set("linger.ms", "0").create().unwrap(),
        }
    }

    /// With the topic of `category`.
    pub async fn with(category: &'static str) -> Self {
        let topics = Self::new();
        topics.create(category).await;
        topics
    }

    pub async fn create(&self, category: &'static str) {
        let name = self.name(category);
        let topic = NewTopic::new(&name, PARTITIONS, TopicReplication::Fixed(1));
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let created = self.admin.create_topics([&topic], &options).await.unwrap();
        created.into_iter().for_each(|result| drop(result.unwrap()));
    }

    pub async fn grow(&self, category: &'static str, partitions: usize) {
        let name = self.name(category);
        let more = NewPartitions::new(&name, partitions);
        let grown = self.admin.create_partitions([&more], &AdminOptions::new()).await.unwrap();
        grown.into_iter().for_each(|result| drop(result.unwrap()));
    }

    /// Deletes what comes before `offset`.
    pub async fn delete_before(&self, category: &'static str, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name(category), partition, Offset::Offset(offset)).unwrap();
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let deleted = self.admin.delete_records(&list, &options).await.unwrap();
        deleted.elements().iter().for_each(|element| element.error().unwrap());
    }

    pub fn table(&self, category: &'static str) -> Table {
        Table::new(&*self.keyspace, category)
    }

    pub fn name(&self, category: &'static str) -> String {
        self.table(category).topic("es")
    }

    /// Sends a record, and waits until it is in the topic. Its offset there.
    pub async fn send(&self, category: &'static str, partition: i32, key: &[u8], value: &[u8]) -> i64 {
        let name = self.name(category);
        let record = FutureRecord::to(&name).partition(partition).key(key).payload(value);
        let sent = self.producer.send(record, PATIENCE).await;
        sent.map_err(|(error, _)| error).unwrap().offset
    }

    /// Sends a commit as the connector would, to the partition of its aggregate.
    pub async fn publish(&self, category: &'static str, commit: &Commit) {
        let value = record_of(&self.table(category), commit);
        let key = key_of(&commit.stream.id);
        self.send(category, partition_of(&commit.stream), &key, &value).await;
    }

    pub fn feed(&self) -> Builder {
        KafkaChangeFeed::builder(brokers()).keyspace(&*self.keyspace)
    }
}

/// The aggregate's partition: any choice does, as long as it stays the same.
pub fn partition_of(stream: &StreamId) -> i32 {
    stream.id.bytes().fold(0, |sum, byte| (sum + i32::from(byte)) % PARTITIONS)
}
