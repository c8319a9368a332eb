use std::{any::TypeId, fmt, sync::Arc, time::Duration};

use super::{App, Inner, StartError};
use crate::{
    event::Codec,
    feed::{ChangeFeed, DynFeed},
    handler::{ConflictPolicy, Runtime},
    listener::{Listener, Served},
    projection::{self, Projection},
    query::{Entry, ViewSet},
    repository::{Erased, Repository},
    store::{DynStore, EventStore},
};

/// How often the views of a feed that may lose commits are compared with the event store.
const VERIFY_EVERY: Duration = Duration::from_secs(300);

/// A projection that was given to the builder: its listener is made at start.
struct Registered {
    listener: Listener,
    id: TypeId,
}

/// What an [`App`] is made of. Made by [`App::builder`].
pub struct AppBuilder<S> {
    store: Arc<dyn DynStore>,
    /// Instead of the store's own.
    feed: Option<Arc<dyn DynFeed>>,
    services: S,
    codec: Codec,
    conflicts: ConflictPolicy,
    cached: usize,
    patience: Duration,
    verify_every: Option<Duration>,
    projections: Vec<Registered>,
}

impl AppBuilder<()> {
    pub(super) fn new(store: impl EventStore) -> Self {
        Self {
            store: Arc::new(store),
            feed: None,
            services: (),
            codec: Codec::default(),
            conflicts: ConflictPolicy::default(),
            cached: 100_000,
            patience: Duration::from_secs(10),
            verify_every: None,
            projections: Vec::new(),
        }
    }
}

impl<S: Send + Sync + 'static> AppBuilder<S> {
    /// What handlers may ask for: a struct with `#[derive(Services)]`.
    pub fn services<T: Send + Sync + 'static>(self, services: T) -> AppBuilder<T> {
        let Self { store, feed, services: _, codec, conflicts, cached, patience, verify_every, projections } =
            self;
        AppBuilder { store, feed, services, codec, conflicts, cached, patience, verify_every, projections }
    }

    /// Keeps what `projection` makes of events in `repository`, from the first event on.
    pub fn projection<P: Projection>(mut self, projection: P, repository: impl Repository<P>) -> Self {
        let listener = Listener {
            projection: P::NAME,
            categories: projection::categories::<P>(),
            failure: P::FAILURE,
            repository: Arc::new(Erased { projection: Arc::new(projection), repository }),
            generation: 0,
            store: self.store.clone(),
            verify_every: None,
        };
        self.projections.push(Registered { listener, id: TypeId::of::<P>() });
        self
    }

    /// Where commits come from, instead of the store's own feed. That of a store on Cassandra brings only what its own
    /// process commits: where several do, this is needed, and an App that starts without it says so in the log.
    pub fn change_feed(mut self, feed: impl ChangeFeed) -> Self {
        self.feed = Some(Arc::new(feed));
        self
    }

    /// How events are encoded from now on: bincode, unless this says otherwise. What is stored stays
    /// readable, whichever is chosen.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// What happens when another process commits to the same aggregate first.
    pub fn conflicts(mut self, policy: ConflictPolicy) -> Self {
        self.conflicts = policy;
        self
    }

    /// How many aggregates of each type are kept in memory, 100,000 unless this says otherwise. A command on
    /// one of them needs no read. The least useful ones make room.
    pub fn cached_aggregates(mut self, count: usize) -> Self {
        self.cached = count;
        self
    }

    /// How long [`App::query_after`] waits, 10 s unless this says otherwise.
    pub fn read_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How often the views are compared with the event store, which finds what the feed has lost without a
    /// trace: an aggregate's very last commits. Every 5 minutes unless this says otherwise, and at the start;
    /// not at all with a feed that [is complete](ChangeFeed::is_complete), as the embedded store's is.
    ///
    /// A comparison reads where every stream ends, and every checkpoint.
    pub fn verify_every(mut self, interval: Duration) -> Self {
        self.verify_every = Some(interval);
        self
    }

    /// Makes the repositories ready and starts a listener for each projection.
    ///
    /// # Errors
    ///
    /// Two projections of one name, projections without a change feed, view databases that cannot be reached, and a call
    /// from outside of a tokio runtime. Nothing runs then.
    pub async fn start(self) -> Result<App<S>, StartError> {
        let tokio = tokio::runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        crate::metrics::describe();
        let mut views = ViewSet::new(self.patience);
        let own_feed = if self.feed.is_none() { self.store.feed() } else { None };
        if own_feed.as_ref().is_some_and(|feed| !feed.is_complete()) && !self.projections.is_empty() {
            tracing::warn!(
                "views show at once what this process commits, and what others commit only after their next comparison with the event store: \
                 where several processes commit, add `.change_feed(..)` to the App's builder"
            );
        }
        let feed = self.feed.or(own_feed);
        let mut ready = Vec::with_capacity(self.projections.len());
        for Registered { mut listener, id } in self.projections {
            let projection = listener.projection;
            if ready.iter().any(|(other, ..): &(Listener, _, TypeId)| other.projection == projection) {
                return Err(StartError::DuplicateProjection(projection));
            }
            let feed = feed.clone().ok_or(StartError::NoChangeFeed(projection))?;
            listener.verify_every = self.verify_every.or((!feed.is_complete()).then_some(VERIFY_EVERY));
            let prepared = listener.repository.prepare().await;
            prepared.map_err(|source| StartError::Repository { projection, source })?;
            ready.push((listener, feed, id));
        }
        for (listener, feed, id) in ready {
            let projection = listener.projection;
            let served = Served::start(listener, feed, &tokio).await;
            let served = served.map_err(|source| StartError::Repository { projection, source })?;
            views.insert(Entry { id, served });
        }
        let runtime = Runtime {
            store: self.store,
            services: self.services,
            codec: self.codec,
            conflicts: self.conflicts,
            cached: self.cached,
            tokio,
            work: Arc::default(),
        };
        Ok(App { inner: Arc::new(Inner::new(runtime, views)) })
    }
}

impl<S> fmt::Debug for AppBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let projections: Vec<_> = self.projections.iter().map(|r| r.listener.projection).collect();
        f.debug_struct("AppBuilder").field("projections", &projections).finish_non_exhaustive()
    }
}
