//! Event-sourced services with derive macros: commands, events checked at compile time, durable stores,
//! projections and queries.

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
#[cfg(feature = "kafka")]
pub use es_kafka as kafka;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use es_sql as sql;

/// What an application needs most of the time: `use event_sourcing::prelude::*;`
pub mod prelude {
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
