//! The change feed through Kafka.

use es_kafka::{ConfigError as KafkaError, KafkaChangeFeed, Partitioning};

use super::{ConfigError, Values, missing, unfit};

pub(crate) struct FeedPlan {
    pub(crate) feed: KafkaChangeFeed,
    pub(crate) fast_path: Option<Partitioning>,
}

pub(super) fn feed(values: &Values) -> Result<FeedPlan, ConfigError> {
    let brokers = values.list("feed.kafka.brokers").ok_or_else(|| missing("feed.kafka.brokers"))?;
    let keyspace =
        values.text("store.cassandra.keyspace").ok_or_else(|| missing("store.cassandra.keyspace"))?;
    let mut builder = KafkaChangeFeed::builder(brokers.join(",")).keyspace(keyspace);
    if let Some(prefix) = values.text("feed.kafka.topic_prefix") {
        builder = builder.topic_prefix(prefix);
    }
    if let Some(prefix) = values.text("feed.kafka.group_prefix") {
        builder = builder.group_prefix(prefix);
    }
    for (name, value) in values.named("feed.kafka.options").unwrap_or_default() {
        builder = builder.option(name, value);
    }
    let feed = builder.build().map_err(|error| match error {
        KafkaError::BadOption { option, reason } => unfit(&format!("feed.kafka.options.{option}"), reason),
        KafkaError::ReservedOption(option) => {
            unfit(&format!("feed.kafka.options.{option}"), "it is the feed's own: leave it out")
        }
        error => unfit("feed.kafka", error.to_string()),
    })?;
    let fast_path = match values.text("feed.kafka.fast_path").as_deref() {
        Some("aggregate-id") => Some(Partitioning::AggregateId),
        Some("connect-key") => Some(Partitioning::ConnectKey),
        _ => None,
    };
    Ok(FeedPlan { feed, fast_path })
}
