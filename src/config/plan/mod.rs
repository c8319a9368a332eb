//! What the settings say together.

#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::time::Duration;

use es_core::{event::Codec, handler::ConflictPolicy};

use super::{
    ConfigError,
    values::{Values, missing},
};

#[cfg(feature = "cassandra")]
mod cassandra;
#[cfg(feature = "kafka")]
mod kafka;

/// All that is to be opened. Made without connecting to anything.
pub(super) struct Plan {
    pub(super) store: StorePlan,
    #[cfg(feature = "kafka")]
    pub(super) feed: Option<kafka::FeedPlan>,
    pub(super) views: Option<ViewsPlan>,
    pub(super) app: AppPlan,
}

pub(super) enum StorePlan {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    #[cfg(feature = "cassandra")]
    Cassandra(Box<es_cassandra::Builder>),
}

pub(super) enum ViewsPlan {
    Memory,
    /// In this file, or the store's.
    #[cfg(feature = "sqlite")]
    Sqlite(Option<PathBuf>),
    #[cfg(feature = "postgres")]
    Postgres {
        url: String,
        schema: Option<String>,
    },
    /// In this keyspace.
    #[cfg(feature = "cassandra")]
    Cassandra(String),
}

/// The App's own settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AppPlan {
    pub(super) codec: Codec,
    pub(super) cached_aggregates: Option<usize>,
    pub(super) read_patience: Option<Duration>,
    pub(super) verify_every: Option<Duration>,
    pub(super) conflicts: ConflictPolicy,
}

impl Plan {
    pub(super) fn of(values: &Values) -> Result<Self, ConfigError> {
        let kind = values.text("store.kind").ok_or_else(|| missing("store.kind"))?;
        let views = values.text("views.kind");
        let feed = values.text("feed.kind");
        if feed.as_deref() == Some("kafka") && kind != "cassandra" {
            return Err(unfit(
                "feed.kind",
                "`kafka` brings what is stored in Cassandra: set `store.kind` to `cassandra`",
            ));
        }
        if let Some(idle) = values.given_under("feed.kafka").filter(|_| !values.is_given("feed.kind")) {
            let reason = format!(
                "`{idle}` is set, and commits come from the store itself: set it to `kafka`, or to `store` to leave Kafka out"
            );
            return Err(unfit("feed.kind", reason));
        }
        if views.as_deref() == Some("cassandra") && kind != "cassandra" {
            let reason = "`cassandra` is the cluster of the event store: set `store.kind` to `cassandra` too";
            return Err(unfit("views.kind", reason));
        }
        let store = store(values, &kind)?;
        #[cfg(not(feature = "kafka"))]
        if feed.as_deref() == Some("kafka") {
            return Err(without("feed.kind = \"kafka\"", "kafka"));
        }
        Ok(Self {
            store,
            #[cfg(feature = "kafka")]
            feed: (feed.as_deref() == Some("kafka")).then(|| kafka::feed(values)).transpose()?,
            views: views.map(|kind| views_plan(values, &kind)).transpose()?,
            app: app(values),
        })
    }
}

/// What opens the event store, if it is on Cassandra.
#[cfg(feature = "cassandra")]
pub(super) fn cassandra_builder(values: &Values) -> Result<Option<es_cassandra::Builder>, ConfigError> {
    let is_it = values.text("store.kind").as_deref() == Some("cassandra");
    is_it.then(|| cassandra::store(values)).transpose()
}

/// The change feed, if Kafka brings it.
#[cfg(feature = "kafka")]
pub(super) fn kafka_feed(values: &Values) -> Result<Option<es_kafka::KafkaChangeFeed>, ConfigError> {
    let is_it = values.text("feed.kind").as_deref() == Some("kafka");
    Ok(is_it.then(|| kafka::feed(values)).transpose()?.map(|planned| planned.feed))
}

fn store(values: &Values, kind: &str) -> Result<StorePlan, ConfigError> {
    // Without backends there is nothing to ask.
    let _ = values;
    match kind {
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(StorePlan::Sqlite(need(values, "store.sqlite.file")?.into())),
        #[cfg(not(feature = "sqlite"))]
        "sqlite" => Err(without("store.kind = \"sqlite\"", "sqlite")),
        #[cfg(feature = "cassandra")]
        "cassandra" => Ok(StorePlan::Cassandra(Box::new(cassandra::store(values)?))),
        #[cfg(not(feature = "cassandra"))]
        "cassandra" => Err(without("store.kind = \"cassandra\"", "cassandra")),
        _ => Ok(StorePlan::Memory),
    }
}

fn views_plan(values: &Values, kind: &str) -> Result<ViewsPlan, ConfigError> {
    let _ = values;
    match kind {
        #[cfg(feature = "sqlite")]
        "sqlite" => {
            let file = values.text("views.sqlite.file").map(PathBuf::from);
            if file.is_none() && values.text("store.kind").as_deref() != Some("sqlite") {
                return Err(missing("views.sqlite.file"));
            }
            Ok(ViewsPlan::Sqlite(file))
        }
        #[cfg(not(feature = "sqlite"))]
        "sqlite" => Err(without("views.kind = \"sqlite\"", "sqlite")),
        #[cfg(feature = "postgres")]
        "postgres" => {
            let schema = values.text("views.postgres.schema");
            Ok(ViewsPlan::Postgres { url: need(values, "views.postgres.url")?, schema })
        }
        #[cfg(not(feature = "postgres"))]
        "postgres" => Err(without("views.kind = \"postgres\"", "postgres")),
        #[cfg(feature = "cassandra")]
        "cassandra" => Ok(ViewsPlan::Cassandra(need(values, "views.cassandra.keyspace")?)),
        // Without it, the store's kind has been refused.
        _ => Ok(ViewsPlan::Memory),
    }
}

fn app(values: &Values) -> AppPlan {
    let conflicts = ConflictPolicy::default();
    let time = |name, otherwise| values.duration(name).unwrap_or(otherwise);
    let attempts = values.count("app.conflicts.attempts").and_then(|count| count.try_into().ok());
    AppPlan {
        codec: if values.text("app.codec").as_deref() == Some("json") { Codec::Json } else { Codec::Bincode },
        cached_aggregates: values.count("app.cached_aggregates").and_then(|count| count.try_into().ok()),
        read_patience: values.duration("app.read_patience"),
        verify_every: values.duration("app.verify_every"),
        conflicts: ConflictPolicy {
            attempts: attempts.unwrap_or(conflicts.attempts),
            first_pause: time("app.conflicts.first_pause", conflicts.first_pause),
            longest_pause: time("app.conflicts.longest_pause", conflicts.longest_pause),
        },
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "cassandra"))]
fn need(values: &Values, name: &'static str) -> Result<String, ConfigError> {
    values.text(name).ok_or_else(|| missing(name))
}

fn unfit(key: &str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Unfit { key: key.to_owned(), reason: reason.into() }
}

#[cfg(not(all(
    feature = "sqlite",
    feature = "cassandra",
    feature = "cassandra-rustls",
    feature = "kafka",
    feature = "postgres"
)))]
fn without(key: &str, feature: &'static str) -> ConfigError {
    ConfigError::FeatureMissing { key: key.to_owned(), feature }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn an_apps_own_settings() {
        let seconds = |count| Some(Duration::from_secs(count));
        // What holds without a setting is what the page says, and what the App itself has.
        let mut expected = AppPlan {
            codec: Codec::default(),
            cached_aggregates: Some(100_000),
            read_patience: seconds(10),
            verify_every: None,
            conflicts: ConflictPolicy::default(),
        };
        assert_eq!(app(&Config::new().values), expected);
        let text = "
            [app]
            codec = \"json\"
            cached_aggregates = 7
            read_patience = \"1s\"
            verify_every = \"2m\"
            conflicts = { attempts = 3, first_pause = \"4s\", longest_pause = \"5s\" }
        ";
        expected = AppPlan {
            codec: Codec::Json,
            cached_aggregates: Some(7),
            read_patience: seconds(1),
            verify_every: seconds(120),
            conflicts: ConflictPolicy {
                attempts: 3,
                first_pause: Duration::from_secs(4),
                longest_pause: Duration::from_secs(5),
            },
        };
        assert_eq!(app(&Config::from_text(text).unwrap().values), expected);
    }
}
