use std::fmt;

use es_core::{
    app::{App, AppBuilder},
    projection::{ViewProjection, keying},
    repository::MemoryRepository,
    store::MemoryEventStore,
};

use super::{OpenError, plan::AppPlan, values::missing};

/// What a configuration names, opened: the event store, what brings commits to views, and the database of views.
///
/// Gives an [`AppBuilder`] over the store, to which projections are added with [`Backends::project`], and everything
/// else as usual.
pub struct Backends {
    pub(super) store: Store,
    #[cfg(feature = "kafka")]
    pub(super) feed: Option<es_kafka::KafkaChangeFeed>,
    pub(super) views: Option<Views>,
    pub(super) app: AppPlan,
}

pub(super) enum Store {
    Memory(MemoryEventStore),
    #[cfg(feature = "sqlite")]
    Sqlite(es_sql::SqliteEventStore),
    #[cfg(feature = "cassandra")]
    Cassandra(es_cassandra::CassandraEventStore),
    /// The same, and what it wraps.
    #[cfg(all(feature = "cassandra", feature = "kafka"))]
    FastPath(es_kafka::FastPath<es_cassandra::CassandraEventStore>, es_cassandra::CassandraEventStore),
}

pub(super) enum Views {
    Memory(MemoryRepository),
    #[cfg(feature = "sqlite")]
    Sqlite(es_sql::SqlRepository),
    #[cfg(feature = "postgres")]
    Postgres(es_sql::PostgresRepository),
    #[cfg(feature = "cassandra")]
    Cassandra(es_cassandra::CassandraRepository),
}

impl Backends {
    /// An App over the store and with the feed and the settings of the configuration, and with no projections yet.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_sourcing::config::Config;
    /// let backends = Config::from_text("store.kind = \"memory\"")?.open().await?;
    /// let app = backends.app().start().await?; // or with `.services(..)` and so on
    /// # app.shutdown().await;
    /// # Ok(()) }
    /// ```
    pub fn app(&self) -> AppBuilder<()> {
        let app = match &self.store {
            Store::Memory(store) => App::builder(store.clone()),
            #[cfg(feature = "sqlite")]
            Store::Sqlite(store) => App::builder(store.clone()),
            #[cfg(feature = "cassandra")]
            Store::Cassandra(store) => App::builder(store.clone()),
            #[cfg(all(feature = "cassandra", feature = "kafka"))]
            Store::FastPath(store, _) => App::builder(store.clone()),
        };
        #[cfg(feature = "kafka")]
        let app = match &self.feed {
            Some(feed) => app.change_feed(feed.clone()),
            None => app,
        };
        self.app.apply(app)
    }

    /// Adds a projection, whose views go where the configuration says.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sample.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_sourcing::config::Config;
    /// let config = Config::from_text("store.kind = \"memory\"\nviews.kind = \"memory\"")?;
    /// let backends = config.open().await?;
    /// let app = backends.project(backends.app(), Balances)?.start().await?;
    /// # app.shutdown().await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the configuration names no database of views, or one that cannot keep these: Cassandra keeps only those
    /// with a row for each aggregate.
    pub fn project<S, P>(&self, app: AppBuilder<S>, projection: P) -> Result<AppBuilder<S>, OpenError>
    where
        S: Send + Sync + 'static,
        P: ViewProjection,
        P::Keying: Keyed<P>,
    {
        let Some(views) = &self.views else { return Err(missing("views.kind").into()) };
        match views {
            Views::Memory(views) => Ok(app.projection(projection, views.clone())),
            #[cfg(feature = "sqlite")]
            Views::Sqlite(views) => Ok(app.projection(projection, views.clone())),
            #[cfg(feature = "postgres")]
            Views::Postgres(views) => Ok(app.projection(projection, views.clone())),
            #[cfg(feature = "cassandra")]
            Views::Cassandra(views) => <P::Keying as Keyed<P>>::on_cassandra(app, projection, views),
        }
    }

    /// The event store, if it is SQLite.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_sourcing::config::Config;
    /// let backends = Config::from_text("store.kind = \"memory\"")?.open().await?;
    /// assert!(backends.sqlite_store().is_none());
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn sqlite_store(&self) -> Option<&es_sql::SqliteEventStore> {
        if let Store::Sqlite(store) = &self.store { Some(store) } else { None }
    }

    /// The event store, if it is Cassandra; for its report on the servers' settings, say.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_sourcing::config::Config;
    /// let backends = Config::from_text("store.kind = \"memory\"")?.open().await?;
    /// assert!(backends.cassandra_store().is_none());
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "cassandra")]
    pub fn cassandra_store(&self) -> Option<&es_cassandra::CassandraEventStore> {
        match &self.store {
            Store::Cassandra(store) => Some(store),
            #[cfg(feature = "kafka")]
            Store::FastPath(_, store) => Some(store),
            _ => None,
        }
    }

    /// The database of views, if it is SQLite; for projections with tables of their own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_sourcing::config::Config;
    /// let backends = Config::from_text("store.kind = \"memory\"")?.open().await?;
    /// assert!(backends.sqlite_views().is_none());
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn sqlite_views(&self) -> Option<&es_sql::SqlRepository> {
        if let Some(Views::Sqlite(views)) = &self.views { Some(views) } else { None }
    }

    /// The database of views, if it is PostgreSQL; for projections with tables of their own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_sourcing::config::Config;
    /// let backends = Config::from_text("store.kind = \"memory\"")?.open().await?;
    /// assert!(backends.postgres_views().is_none());
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "postgres")]
    pub fn postgres_views(&self) -> Option<&es_sql::PostgresRepository> {
        if let Some(Views::Postgres(views)) = &self.views { Some(views) } else { None }
    }
}

impl AppPlan {
    fn apply(&self, mut app: AppBuilder<()>) -> AppBuilder<()> {
        app = app.codec(self.codec).conflicts(self.conflicts);
        if let Some(count) = self.cached_aggregates {
            app = app.cached_aggregates(count);
        }
        if let Some(patience) = self.read_patience {
            app = app.read_patience(patience);
        }
        if let Some(interval) = self.verify_every {
            app = app.verify_every(interval);
        }
        app
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = match &self.store {
            Store::Memory(_) => "memory",
            #[cfg(feature = "sqlite")]
            Store::Sqlite(_) => "sqlite",
            #[cfg(feature = "cassandra")]
            Store::Cassandra(_) => "cassandra",
            #[cfg(all(feature = "cassandra", feature = "kafka"))]
            Store::FastPath(..) => "cassandra, with the fast path",
        };
        let views = self.views.as_ref().map(|views| match views {
            Views::Memory(_) => "memory",
            #[cfg(feature = "sqlite")]
            Views::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Views::Postgres(_) => "postgres",
            #[cfg(feature = "cassandra")]
            Views::Cassandra(_) => "cassandra",
        });
        f.debug_struct("Backends").field("store", &store).field("views", &views).finish_non_exhaustive()
    }
}

/// How the rows of `P` are found, which decides where they can be kept. `P::Keying` of every view has it.
///
/// For functions over any projection:
///
/// ```
/// use event_sourcing::{
///     app::AppBuilder,
///     config::{Backends, Keyed, OpenError},
///     projection::ViewProjection,
/// };
/// fn add<P>(backends: &Backends, app: AppBuilder<()>, projection: P) -> Result<AppBuilder<()>, OpenError>
/// where
///     P: ViewProjection,
///     P::Keying: Keyed<P>,
/// {
///     backends.project(app, projection)
/// }
/// ```
pub trait Keyed<P>: sealed::Sealed {
    #[cfg(feature = "cassandra")]
    #[doc(hidden)]
    fn on_cassandra<S: Send + Sync + 'static>(
        app: AppBuilder<S>,
        projection: P,
        views: &es_cassandra::CassandraRepository,
    ) -> Result<AppBuilder<S>, OpenError>;
}

impl<P: ViewProjection<Keying = keying::ByAggregate>> Keyed<P> for keying::ByAggregate {
    #[cfg(feature = "cassandra")]
    fn on_cassandra<S: Send + Sync + 'static>(
        app: AppBuilder<S>,
        projection: P,
        views: &es_cassandra::CassandraRepository,
    ) -> Result<AppBuilder<S>, OpenError> {
        Ok(app.projection(projection, views.clone()))
    }
}

impl<P: ViewProjection<Keying = keying::ByKey>> Keyed<P> for keying::ByKey {
    #[cfg(feature = "cassandra")]
    fn on_cassandra<S: Send + Sync + 'static>(
        _: AppBuilder<S>,
        _: P,
        _: &es_cassandra::CassandraRepository,
    ) -> Result<AppBuilder<S>, OpenError> {
        Err(OpenError::NeedsTransactions { projection: P::NAME })
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::keying::ByAggregate {}
    impl Sealed for super::keying::ByKey {}
}
