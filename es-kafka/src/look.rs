//! A look at the broker, for tools of operators.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::{ConsumeError, KafkaChangeFeed, subscription::blocking};

/// A topic that the feed reads, as the broker knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions it has; `None` where it is not there.
    pub partitions: Option<usize>,
}

impl KafkaChangeFeed {
    /// Asks the broker for the topics of `categories`. Joins no consumer group, and makes nothing; so it can be done beside
    /// a running service.
    ///
    /// ```no_run
    /// # async fn look(feed: es_kafka::KafkaChangeFeed) -> Result<(), es_kafka::ConsumeError> {
    /// for topic in feed.topics(["account"], std::time::Duration::from_secs(5)).await? {
    ///     println!("{}: {:?} partitions", topic.name, topic.partitions);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When no broker answers within `patience`.
    pub async fn topics(
        &self,
        categories: impl IntoIterator<Item = impl Into<String>>,
        patience: Duration,
    ) -> Result<Vec<Topic>, ConsumeError> {
        let settings = self.settings().clone();
        let categories = categories.into_iter().map(Into::<String>::into);
        let names: Vec<String> = categories.map(|category| settings.topic(category.into()).0).collect();
        let client = settings.producer().create::<BaseConsumer>();
        let client = client.map_err(|error| ConsumeError::Client(error.into()))?;
        let asked = blocking(move || {
            if names.is_empty() {
                client.fetch_metadata(None, patience)?;
            }
            let topics = names.into_iter().map(|name| {
                let found = client.fetch_metadata(Some(&name), patience)?;
                let topic =
                    found.topics().iter().find(|topic| topic.name() == name && topic.error().is_none());
                let partitions = topic.map(|topic| topic.partitions().len()).filter(|count| *count > 0);
                Ok(Topic { name, partitions })
            });
            topics.collect()
        });
        asked.await.map_err(|error| ConsumeError::Unreachable {
            brokers: settings.brokers.clone(),
            reason: error.to_string(),
        })
    }
}
