//! A topic with what a connector would have written there.

use std::{collections::HashMap, time::Duration};

use event_sourcing::{
    event::FrameBuilder,
    kafka::{
        KafkaChangeFeed,
        debezium::{Table, key_of, record_of},
    },
    prelude::*,
    store::{Commit, StreamId, Version},
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::StreamConsumer,
    error::KafkaError,
    producer::{BaseProducer, BaseRecord, Producer},
    types::RDKafkaErrorCode,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Error,
    bank::{AMOUNT, Account, AccountEvent, Deposit, Deposited},
};

pub(super) const PARTITIONS: i32 = 4;
const AGGREGATES: u64 = 200;
const PATIENCE: Duration = Duration::from_secs(60);

/// A topic of the bench's own.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Topic {
    brokers: String,
    keyspace: String,
    pub(super) commits: u64,
    pub(crate) partitions: i32,
}

impl Topic {
    /// With so many commits, those of an aggregate in one partition.
    pub(crate) async fn filled(brokers: &str, commits: u64, partitions: i32) -> Result<Self, Error> {
        let keyspace = format!("es_bench_{}", &Uuid::now_v7().simple().to_string()[..24]);
        let topic = Self { brokers: brokers.to_owned(), keyspace, commits, partitions };
        let name = topic.name();
        let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
        for made in topic.admin()?.create_topics([&new], &options()).await? {
            made.map_err(|(topic, error)| format!("{topic}: {error}"))?;
        }
        let producer: BaseProducer = topic.client().create()?;
        let table = topic.table();
        let mut versions = HashMap::<u64, Version>::new();
        for n in 0..commits {
            let aggregate = n % AGGREGATES;
            let version = versions.entry(aggregate).or_insert(Version::EMPTY);
            let commit = next(version, &format!("account-{aggregate:06}"))?;
            *version = commit.version();
            let (key, value) = (key_of(&commit.stream.id), record_of(&table, &commit));
            let partition = (aggregate % u64::from(partitions.unsigned_abs())) as i32;
            let mut record = BaseRecord::to(&name).partition(partition).key(&key).payload(&value);
            while let Err((error, back)) = producer.send(record) {
                if error != KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) {
                    return Err(error.into());
                }
                producer.poll(Duration::from_millis(10));
                record = back;
            }
        }
        producer.flush(PATIENCE)?;
        Ok(topic)
    }

    /// What all its commits come to.
    pub(super) fn total(&self) -> u64 {
        self.commits * AMOUNT
    }

    pub(super) fn table(&self) -> Table {
        Table::new(&*self.keyspace, Account::CATEGORY)
    }

    pub(super) fn name(&self) -> String {
        self.table().topic("es")
    }

    /// For a listener that has read nothing yet.
    pub(super) fn feed(&self) -> Result<KafkaChangeFeed, Error> {
        let group = format!("es_bench_{}", Uuid::now_v7().simple());
        Ok(KafkaChangeFeed::builder(&*self.brokers).keyspace(&*self.keyspace).group_prefix(group).build()?)
    }

    pub(super) fn consumer(&self) -> Result<StreamConsumer, Error> {
        let mut client = self.client();
        client.set("group.id", "es_bench").set("enable.auto.commit", "false");
        Ok(client.create()?)
    }

    pub(crate) async fn delete(&self) -> Result<(), Error> {
        for deleted in self.admin()?.delete_topics(&[&self.name()], &options()).await? {
            deleted.map_err(|(topic, error)| format!("{topic}: {error}"))?;
        }
        Ok(())
    }

    fn admin(&self) -> Result<AdminClient<DefaultClientContext>, Error> {
        Ok(self.client().create()?)
    }

    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.brokers);
        client
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(PATIENCE))
}

fn next(after: &Version, id: &str) -> Result<Commit, Error> {
    let Deposit { amount, reference } = Deposit::sample();
    let event = AccountEvent::Deposited(Deposited { amount, reference });
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), &[event])?;
    Ok(Commit::following(after, StreamId::new(Account::CATEGORY, id), Codec::Bincode, frame))
}
