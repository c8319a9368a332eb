//! What [`super::listener`] has to do at least: read each record, decode it, and fold its events.

use std::{collections::HashMap, hint::black_box};

use event_sourcing::{
    event::{EventSet, framing},
    feed::FeedPayload,
    kafka::debezium::decode,
};
use rdkafka::{Message, Offset, TopicPartitionList, consumer::Consumer};

use super::{
    super::{on_all_threads, same},
    topic::Topic,
};
use crate::{
    Error,
    bank::{Account, AccountEvent},
    meter::{Meter, Sample},
};
use event_sourcing::prelude::Aggregate;

pub(super) fn run(topic: &Topic, meter: Meter) -> Result<Sample, Error> {
    on_all_threads(async {
        let (consumer, table, name) = (topic.consumer()?, topic.table(), topic.name());
        let mut all = TopicPartitionList::new();
        for partition in 0..topic.partitions {
            all.add_partition_offset(&name, partition, Offset::Beginning)?;
        }
        consumer.assign(&all)?;
        let mut accounts = HashMap::<String, Account>::new();
        let (mut running, mut read) = (None, 0);
        while read < topic.commits {
            let record = consumer.recv().await?;
            let FeedPayload::Commit(commit) = decode(&table, record.key(), record.payload()) else {
                return Err("a record is no commit".into());
            };
            for raw in framing::events(&commit.events)? {
                let event = AccountEvent::decode(raw.name, raw.version, commit.codec, raw.payload)?;
                accounts.entry(commit.stream.id.to_string()).or_default().apply_event(black_box(&event));
            }
            read += 1;
            // What it takes to get there is the servers'.
            running.get_or_insert_with(|| meter.start());
        }
        let sample = running.ok_or("an empty topic")?.stop(read - 1);
        same("total", accounts.values().map(|account| account.balance).sum(), topic.total())?;
        Ok(sample)
    })
}
