//! Event-sourced services with derive macros: commands, events checked at compile time, durable stores,
//! projections and queries.
//!
//! `README.md` has a whole bank in some 50 lines, and `docs/guide.md` explains each of its parts:
//!
//! | what is written | by | says more |
//! |---|---|---|
//! | events, and their versions | [`macro@Event`], [`PastEvent`], [`EventSchema`] | [`event`], [`schema`] |
//! | an aggregate | [`macro@Aggregate`] and an [`Apply`](aggregate::Apply) for each event | [`aggregate`] |
//! | commands | [`command_handler`], [`require!`], [`Services`] | [`command`], [`handler::ExecuteError`] |
//! | views | [`macro@projection`] | [`mod@projection`], [`repository`] |
//! | queries | [`query_handler`] | [`query`] |
//! | the wiring | [`App::builder`](app::App::builder), [`config`] | [`store`], [`feed`] |
//!
//! | feature | what it brings |
//! |---|---|
//! | `sqlite` (default) | the embedded event store, its change feed, and views in SQLite |
//! | `config` (default) | the wiring from a file and the environment |
//! | `cassandra`, `cassandra-rustls` | the event store, and views by aggregate, on Apache Cassandra; with TLS |
//! | `kafka` | the change feed that Debezium and Kafka bring |
//! | `postgres` | views in PostgreSQL |
//! | `pipeline` | `cassandra`, `kafka` and `postgres` |
//! | `testing` | given/when/then for handlers and projections, and suites for backends |
//! | `chrono`, `time`, `rust_decimal` | their types in events |

#[cfg(feature = "config")]
pub mod config;

#[cfg(feature = "testing")]
pub use es_core::testing;
pub use es_core::{
    aggregate, app, command, event, feed, handler, listener, projection, query, repository, require, schema,
    snapshot, store,
};
pub use es_macros::{
    Aggregate, Event, EventSchema, PastEvent, Services, command_handler, projection, query_handler,
};

#[doc(hidden)]
pub use es_core::checks;

/// The event store, and views by aggregate, on Apache Cassandra and ScyllaDB.
///
/// ```no_run
/// use event_sourcing::{
///     cassandra::{CassandraEventStore, Replication},
///     prelude::*,
/// };
/// # use event_sourcing::{feed::ChangeFeed, projection::OwnRows};
/// # async fn start<P: OwnRows>(balances: P, feed: impl ChangeFeed) -> Result<(), Box<dyn std::error::Error>> {
///
/// let store = CassandraEventStore::builder(["10.0.0.1:9042", "10.0.0.2:9042"])
///     .keyspace("bank")
///     .category("account")
///     .create_if_missing(Replication::Datacenters(vec![("dc1".to_owned(), 3)]))
///     .connect()
///     .await?;
/// let views = store.repository("bank_views").await?;
/// let app = App::builder(store).change_feed(feed).projection(balances, views).start().await?;
/// # Ok(()) }
/// ```
#[cfg(feature = "cassandra")]
pub use es_cassandra as cassandra;
/// The change feed that Cassandra's change data capture, Debezium and Kafka make.
#[cfg(feature = "kafka")]
pub use es_kafka as kafka;
/// The embedded event store and its feed on SQLite, and views in SQLite and PostgreSQL.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use es_sql as sql;

/// What an application needs most of the time: `use event_sourcing::prelude::*;`
pub mod prelude {
    #[cfg(feature = "cassandra")]
    pub use es_cassandra::CassandraEventStore;
    pub use es_core::{
        aggregate::{Aggregate, AggregateId, Apply},
        app::App,
        command::{CommandContext, CommandExt},
        event::{Codec, CommandMetadata, Event, EventSet, Metadata},
        handler::{Committed, ExecuteError},
        query::{QueryError, ReadToken, Views},
        repository::MemoryRepository,
        require,
        schema::EventSchema,
        store::MemoryEventStore,
    };
    #[cfg(feature = "kafka")]
    pub use es_kafka::KafkaChangeFeed;
    pub use es_macros::{
        Aggregate, Event, EventSchema, PastEvent, Services, command_handler, projection, query_handler,
    };
    #[cfg(feature = "postgres")]
    pub use es_sql::PostgresRepository;
    #[cfg(feature = "sqlite")]
    pub use es_sql::{SqlRepository, SqliteEventStore};
}

/// The code of the pages, so that it is compiled and run.
#[cfg(all(doctest, feature = "sqlite", feature = "testing"))]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/guide.md")]
    struct Guide;
    #[doc = include_str!("../docs/schemas.md")]
    struct Schemas;
    #[doc = include_str!("../docs/operations.md")]
    struct Operations;
    #[doc = include_str!("../docs/own-database.md")]
    struct OwnDatabase;
    #[cfg(feature = "config")]
    #[doc = include_str!("../docs/configuration.md")]
    struct Configuration;
}

/// Those about servers, which need not run for that.
#[cfg(all(doctest, feature = "cassandra", feature = "kafka"))]
mod pages_about_servers {
    #[doc = include_str!("../docs/pipeline.md")]
    struct Pipeline;
}
