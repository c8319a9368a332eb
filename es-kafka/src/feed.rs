use std::{borrow::Cow, fmt, sync::Arc};

use es_core::feed::{ChangeFeed, FeedError};
use rdkafka::{ClientConfig, error::KafkaError};

use crate::{
    ConfigError,
    debezium::Table,
    subscription::{KafkaSubscription, subscribe},
};

/// Options that the feed's promises depend on.
const RESERVED: &[&str] = &[
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "group.id",
    "group.protocol",
];
/// What suits the feed, and may be set otherwise.
const DEFAULTS: &[(&str, &str)] = &[
    // A topic that comes later, or gets more partitions, is noticed within it.
    ("topic.metadata.refresh.interval.ms", "2000"),
    // Who joins or leaves a group stops nobody else.
    ("partition.assignment.strategy", "cooperative-sticky"),
    // So long the others wait for a process that has died, or whose farewell did not get through.
    ("session.timeout.ms", "10000"),
    // A listener that does not ask is not read ahead for without bound: per subscription, in kilobytes.
    ("queued.max.messages.kbytes", "32768"),
    ("queued.min.messages", "20000"),
    // Once there is room again, reading goes on at once: a second, the client's own choice, would be most of the time.
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.wait.max.ms", "100"),
    ("statistics.interval.ms", "30000"),
    ("socket.keepalive.enable", "true"),
];
const MOST_NAME: usize = 100;

/// The commits of an event store on Cassandra or ScyllaDB, as Debezium brings them to Kafka.
///
/// Each listener is a consumer group: processes that listen under one name share the topics' partitions. Where to go
/// on is read from the listener's own database; what is committed to Kafka only shows other tools how far it is.
///
/// ```no_run
/// # fn feed() -> Result<(), es_kafka::ConfigError> {
/// use es_kafka::KafkaChangeFeed;
/// // Topics `es.bank.account_events`, ..
/// let feed = KafkaChangeFeed::builder("127.0.0.1:9092").keyspace("bank").build()?;
/// # Ok(()) }
/// ```
///
/// # While a listener does not ask
///
/// Records wait in the client's queue, of which the size is bounded (`queued.max.messages.kbytes`). One that does not
/// ask for longer than `max.poll.interval.ms`, five minutes, e.g. as its database is down, loses its partitions
/// to others of its name, and gets some back when it asks again.
#[derive(Clone, Debug)]
pub struct KafkaChangeFeed {
    settings: Arc<Settings>,
}

pub(crate) struct Settings {
    pub(crate) client: ClientConfig,
    /// What was said of the client, without what only a consumer has.
    connection: ClientConfig,
    pub(crate) brokers: String,
    keyspace: String,
    topic_prefix: String,
    group_prefix: String,
}

impl Settings {
    pub(crate) fn group(&self, listener: &str) -> String {
        format!("{}.{listener}", self.group_prefix)
    }

    /// The topics of `categories`, each with what is in it.
    pub(crate) fn topics(&self, categories: &[&'static str]) -> Vec<(String, Table)> {
        categories.iter().map(|category| self.topic((*category).into())).collect()
    }

    pub(crate) fn topic(&self, category: Cow<'static, str>) -> (String, Table) {
        let table = Table::new(&*self.keyspace, category);
        (table.topic(&self.topic_prefix), table)
    }

    /// For a producer.
    pub(crate) fn producer(&self) -> ClientConfig {
        self.connection.clone()
    }
}

impl KafkaChangeFeed {
    /// Begins to set one up. `brokers` are addresses with commas between them, of some of the brokers; the client
    /// asks these for the others.
    pub fn builder(brokers: impl Into<String>) -> Builder {
        Builder {
            brokers: brokers.into(),
            keyspace: None,
            topic_prefix: "es".to_owned(),
            group_prefix: None,
            options: Vec::new(),
        }
    }
}

impl KafkaChangeFeed {
    pub(crate) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }
}

impl ChangeFeed for KafkaChangeFeed {
    type Subscription = KafkaSubscription;

    async fn subscribe(
        &self,
        listener: &str,
        categories: &[&'static str],
    ) -> Result<KafkaSubscription, FeedError> {
        subscribe(&self.settings, listener, categories).await.map_err(|e| FeedError::Unavailable(Box::new(e)))
    }
}

/// What a [`KafkaChangeFeed`] is made of.
#[derive(Clone)]
pub struct Builder {
    brokers: String,
    keyspace: Option<String>,
    topic_prefix: String,
    group_prefix: Option<String>,
    options: Vec<(String, String)>,
}

impl Builder {
    /// The event store's keyspace, whose tables the topics are called after. Has to be given.
    pub fn keyspace(mut self, keyspace: impl Into<String>) -> Self {
        self.keyspace = Some(keyspace.into());
        self
    }

    /// The connector's `topic.prefix`, `es` unless set.
    pub fn topic_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.topic_prefix = prefix.into();
        self
    }

    /// Begins the names of the consumer groups, `<prefix>.<projection>`; the keyspace unless set. Two services that
    /// listen to one keyspace under equal projection names need different ones.
    pub fn group_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.group_prefix = Some(prefix.into());
        self
    }

    /// Sets an option of the client, librdkafka, e.g. `security.protocol`.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }

    /// Checks it all, but connects to nothing yet.
    ///
    /// # Errors
    /// Names the setting, and what it has to be.
    pub fn build(self) -> Result<KafkaChangeFeed, ConfigError> {
        if self.brokers.trim().is_empty() {
            return Err(ConfigError::NoBrokers);
        }
        let keyspace = self.keyspace.ok_or(ConfigError::NoKeyspace)?;
        let group_prefix = self.group_prefix.unwrap_or_else(|| keyspace.clone());
        for name in [&keyspace, &self.topic_prefix, &group_prefix] {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            if name.is_empty() || name.len() > MOST_NAME || !name.chars().all(fits) {
                return Err(ConfigError::BadName(name.clone()));
            }
        }
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.brokers);
        let mut connection = client.clone();
        for (name, value) in DEFAULTS {
            client.set(*name, *value);
        }
        for (name, value) in self.options {
            if RESERVED.contains(&name.as_str()) {
                return Err(ConfigError::ReservedOption(name));
            }
            connection.set(&name, &value);
            client.set(name, value);
        }
        // Nothing counts as read before it is saved with the view, and where records are gone, that is an error.
        client.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        client.set("auto.offset.reset", "error");
        match client.create_native_config() {
            Ok(_) => {}
            Err(KafkaError::ClientConfig(_, reason, option, value)) => {
                // The client repeats the value.
                let reason = if value.is_empty() { reason } else { reason.replace(&value, "..") };
                return Err(ConfigError::BadOption { option, reason });
            }
            Err(error) => {
                let reason = error.to_string();
                return Err(ConfigError::BadOption { option: String::new(), reason });
            }
        }
        let settings = Settings {
            client,
            connection,
            brokers: self.brokers,
            keyspace,
            topic_prefix: self.topic_prefix,
            group_prefix,
        };
        Ok(KafkaChangeFeed { settings: Arc::new(settings) })
    }
}

/// Without the options' values, of which some are passwords.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<_> = self.options.iter().map(|(name, _)| name).collect();
        f.debug_struct("Builder")
            .field("brokers", &self.brokers)
            .field("keyspace", &self.keyspace)
            .field("topic_prefix", &self.topic_prefix)
            .field("group_prefix", &self.group_prefix)
            .field("options", &options)
            .finish()
    }
}

/// Without the client's, for the same reason.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("brokers", &self.brokers)
            .field("keyspace", &self.keyspace)
            .field("topic_prefix", &self.topic_prefix)
            .field("group_prefix", &self.group_prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(change: impl FnOnce(Builder) -> Builder) -> Result<KafkaChangeFeed, String> {
        let builder = KafkaChangeFeed::builder("127.0.0.1:9092").keyspace("bank");
        change(builder).build().map_err(|error| error.to_string())
    }

    #[test]
    fn topics_and_groups_are_called_after_the_keyspace() {
        let feed = build(|builder| builder).unwrap();
        assert_eq!(feed.settings.topics(&["account"])[0].0, "es.bank.account_events");
        assert_eq!(feed.settings.group("balances"), "bank.balances");
        let feed = build(|builder| builder.topic_prefix("cdc").group_prefix("reports")).unwrap();
        assert_eq!(feed.settings.topics(&["account"])[0].0, "cdc.bank.account_events");
        assert_eq!(feed.settings.group("balances"), "reports.balances");
    }

    #[test]
    fn options_are_not_shown() {
        let builder = KafkaChangeFeed::builder("b:1").keyspace("bank").option("sasl.password", "hunter2");
        let feed = builder.clone().build().unwrap();
        for shown in [format!("{builder:?}"), format!("{feed:?}")] {
            assert!(shown.contains("bank") && !shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let error = KafkaChangeFeed::builder(" ").keyspace("bank").build().unwrap_err();
        assert!(matches!(error, ConfigError::NoBrokers));
        let error = KafkaChangeFeed::builder("b:1").build().unwrap_err();
        assert!(matches!(error, ConfigError::NoKeyspace));
        for (name, value, why) in [
            ("group.id", "g", "the option `group.id` is the feed's own: leave it out"),
            ("enable.auto.commit", "true", "the option `enable.auto.commit` is the feed's own"),
            (
                "sesion.timeout.ms",
                "1",
                "the option `sesion.timeout.ms` does not fit: No such configuration property",
            ),
            ("session.timeout.ms", "soon", "the option `session.timeout.ms` does not fit: "),
            ("security.protocol", "secret", "the option `security.protocol` does not fit: "),
        ] {
            let error = build(|builder| builder.option(name, value)).unwrap_err();
            assert!(error.starts_with(why), "{error}");
            assert!(
                !error.contains("soon") && !error.contains("secret"),
                "a secret may be in the wrong place: {error}"
            );
        }
        for bad in ["", "a b", "a/b", &"a".repeat(101)] {
            let error = build(|builder| builder.topic_prefix(bad)).unwrap_err();
            assert!(error.starts_with(&format!("`{bad}` cannot be part of a topic's name")), "{error}");
        }
    }
}
