//! What was planned, opened.

use es_core::{repository::MemoryRepository, store::MemoryEventStore};

use super::{
    OpenError,
    backends::{Backends, Store, Views},
    plan::{Plan, StorePlan, ViewsPlan},
};

pub(super) async fn open(plan: Plan) -> Result<Backends, OpenError> {
    let store = open_store(plan.store).await?;
    let views = match plan.views {
        Some(views) => Some(open_views(views, &store).await?),
        None => None,
    };
    #[cfg(feature = "kafka")]
    let (store, feed) = match plan.feed {
        Some(planned) => {
            let store = fast_path(store, &planned.feed, planned.fast_path)?;
            (store, Some(planned.feed))
        }
        None => (store, None),
    };
    Ok(Backends {
        store,
        #[cfg(feature = "kafka")]
        feed,
        views,
        app: plan.app,
    })
}

async fn open_store(plan: StorePlan) -> Result<Store, OpenError> {
    match plan {
        StorePlan::Memory => Ok(Store::Memory(MemoryEventStore::new())),
        #[cfg(feature = "sqlite")]
        StorePlan::Sqlite(file) => {
            let store = es_sql::SqliteEventStore::open(file).await;
            store
                .map(Store::Sqlite)
                .map_err(|error| OpenError::Store { kind: "sqlite", source: error.into() })
        }
        #[cfg(feature = "cassandra")]
        StorePlan::Cassandra(builder) => {
            let store = builder.connect().await;
            store
                .map(Store::Cassandra)
                .map_err(|error| OpenError::Store { kind: "cassandra", source: error.into() })
        }
    }
}

async fn open_views(plan: ViewsPlan, store: &Store) -> Result<Views, OpenError> {
    match (plan, store) {
        #[cfg(feature = "sqlite")]
        (ViewsPlan::Sqlite(file), store) => {
            let opened = match (file, store) {
                (Some(file), _) => es_sql::SqlRepository::open(file).await,
                (None, Store::Sqlite(store)) => store.repository().await,
                (None, _) => return Err(super::values::missing("views.sqlite.file").into()),
            };
            opened.map(Views::Sqlite).map_err(|error| failed("sqlite", error))
        }
        #[cfg(feature = "postgres")]
        (ViewsPlan::Postgres { url, schema }, _) => {
            let opened = es_sql::PostgresRepository::connect(&url, schema.as_deref()).await;
            opened.map(Views::Postgres).map_err(|error| failed("postgres", error))
        }
        #[cfg(feature = "cassandra")]
        (ViewsPlan::Cassandra(keyspace), Store::Cassandra(store)) => {
            let opened = store.repository(keyspace).await;
            opened.map(Views::Cassandra).map_err(|error| failed("cassandra", error))
        }
        // Also `cassandra` on another store, which the plan has refused.
        _ => Ok(Views::Memory(MemoryRepository::new())),
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "cassandra"))]
fn failed(kind: &'static str, error: impl Into<es_core::store::BoxError>) -> OpenError {
    OpenError::Views { kind, source: error.into() }
}

#[cfg(feature = "kafka")]
fn fast_path(
    store: Store,
    feed: &es_kafka::KafkaChangeFeed,
    partitioning: Option<es_kafka::Partitioning>,
) -> Result<Store, OpenError> {
    match (store, partitioning) {
        #[cfg(feature = "cassandra")]
        (Store::Cassandra(store), Some(partitioning)) => match feed.fast_path(store.clone(), partitioning) {
            Ok(fast) => Ok(Store::FastPath(fast, store)),
            Err(error) => Err(OpenError::Feed { source: error.into() }),
        },
        (store, _) => {
            let _ = feed;
            Ok(store)
        }
    }
}
