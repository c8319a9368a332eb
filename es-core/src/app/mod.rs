//! Where everything is wired together: an [`App`] takes commands and answers queries.

mod builder;
mod error;
mod health;

pub use builder::AppBuilder;
pub use error::StartError;
pub use health::{Health, PartHealth, ProjectionHealth};

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use crate::{
    aggregate::Aggregate,
    command::{Command, Decide, IntoEnvelope},
    handler::{Committed, ExecuteError, Executor, LoadError, Loaded, Recorded, Runtime, history},
    listener::{ControlError, ProjectionStatus, RebuildError, RebuildProgress, Verified},
    projection::{Projection, ViewProjection},
    query::{Answer, QueryError, ReadAfter, ViewSet, Views},
    repository::{DeadLetter, ParkedAggregate},
    store::{EventStore, StreamId},
};

/// An event-sourced application: commands go in, queries are answered.
///
/// Cheap to clone; clones are the same App. It works until [`App::shutdown`], or until the last clone is
/// dropped: its listeners end then.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/given/bank.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use es_core::{app::App, repository::MemoryRepository, store::MemoryEventStore};
/// let app = App::builder(MemoryEventStore::new()).projection(Balances, MemoryRepository::new()).start().await?;
/// let ann = "ann".to_owned();
/// let done = app.execute(&ann, Open { owner: "Ann".to_owned() }).await?;
/// assert_eq!(done.version, 1);
/// let views = app.views_after::<Balances>(&done).await?;
/// assert_eq!(views.get(&ann).await?.map(|row| row.owner), Some("Ann".to_owned()));
/// let refused = app.execute(&ann, Withdraw { amount: 5 }).await.unwrap_err();
/// assert_eq!(refused.to_string(), "only 0 left");
/// # Ok(()) }
/// ```
pub struct App<S = ()> {
    inner: Arc<Inner<S>>,
}

impl<S> Clone for App<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<S> fmt::Debug for App<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("views", &self.inner.views).finish_non_exhaustive()
    }
}

struct Inner<S> {
    runtime: Arc<Runtime<S>>,
    /// An [`Executor`] for each aggregate type that had a command.
    executors: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    views: ViewSet,
    /// Of the first aggregate or projection that was used: the store is asked about it.
    category: OnceLock<&'static str>,
}

impl<S: Send + Sync + 'static> Inner<S> {
    fn new(runtime: Runtime<S>, views: ViewSet) -> Self {
        let executors = RwLock::default();
        let category = OnceLock::new();
        if let Some(known) = views.category() {
            // It is empty.
            let _ = category.set(known);
        }
        Self { runtime: Arc::new(runtime), executors, views, category }
    }

    fn executor<A: Aggregate>(&self) -> Arc<Executor<A, S>> {
        let found = |map: &HashMap<TypeId, Arc<dyn Any + Send + Sync>>| {
            map.get(&TypeId::of::<A>()).and_then(|e| e.clone().downcast::<Executor<A, S>>().ok())
        };
        if let Some(executor) = found(&self.executors.read().unwrap_or_else(PoisonError::into_inner)) {
            return executor;
        }
        let mut executors = self.executors.write().unwrap_or_else(PoisonError::into_inner);
        found(&executors).unwrap_or_else(|| {
            // The first one stays.
            let _ = self.category.set(A::CATEGORY);
            let executor = Arc::new(Executor::new(self.runtime.clone()));
            executors.insert(TypeId::of::<A>(), executor.clone());
            executor
        })
    }
}

/// A part of an aggregate's history, and whether it goes on.
#[non_exhaustive]
pub struct History<A: Aggregate> {
    /// The events, in order.
    pub events: Vec<Recorded<A>>,
    /// Where to go on with [`App::history`], if there is more.
    pub next: Option<u64>,
}

impl<A: Aggregate> fmt::Debug for History<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("events", &self.events).field("next", &self.next).finish()
    }
}

impl App<()> {
    /// Begins an App over `store`.
    pub fn builder(store: impl EventStore) -> AppBuilder<()> {
        AppBuilder::new(store)
    }
}

impl<S: Send + Sync + 'static> App<S> {
    /// Asks aggregate `id` to do `command`, and waits until what happened is durable.
    ///
    /// The command may be put into an envelope with an id (`command.with_id(..)`), under which it can be sent
    /// again without being done twice, and with metadata.
    ///
    /// Dropping the future does not cancel what was sent to the store, nor the commands of others that wait
    /// with it; whether this command is done is then unknown.
    ///
    /// # Errors
    ///
    /// See [`ExecuteError`]: but for [`OutcomeUnknown`](ExecuteError::OutcomeUnknown), nothing was stored.
    pub async fn execute<I: IntoEnvelope>(
        &self,
        id: &<<I::Command as Command>::Aggregate as Aggregate>::Id,
        command: I,
    ) -> Result<Committed<<I::Command as Command>::Aggregate>, ExecuteError<<I::Command as Command>::Error>>
    where
        I::Command: Decide<S>,
    {
        let Some(at_work) = self.inner.runtime.work.begin() else { return Err(ExecuteError::Stopped) };
        let executor = self.inner.executor::<<I::Command as Command>::Aggregate>();
        executor.execute(id, command.into_envelope(), at_work).await
    }

    /// The state of aggregate `id` as the store has it now. For looking: a command decides on a state of its
    /// own, which cannot be stale.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or holds what this program cannot decode.
    pub async fn load<A: Aggregate>(&self, id: &A::Id) -> Result<Loaded<A>, LoadError> {
        self.inner.executor::<A>().load(id).await
    }

    /// The events of aggregate `id` from sequence `from` on, of at most `commits` commits.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or holds what this program cannot decode.
    pub async fn history<A: Aggregate>(
        &self,
        id: &A::Id,
        from: u64,
        commits: usize,
    ) -> Result<History<A>, LoadError> {
        let stream = StreamId::new(A::CATEGORY, id.to_string());
        let (events, more) = history::<A>(&*self.inner.runtime.store, &stream, from, commits).await?;
        let next = events.last().filter(|_| more).map(|last| last.metadata.sequence + 1);
        Ok(History { events, next })
    }

    /// Answers `query` from the views as they are now.
    ///
    /// # Errors
    ///
    /// What the query's handler fails with.
    pub async fn query<Q: Answer<S>>(&self, query: Q) -> Result<Q::Output, Q::Error> {
        query.answer(&self.inner.views, &self.inner.runtime.services).await
    }

    /// Answers `query` once its views show what `after` names: a [`Committed`], or a
    /// [`ReadToken`](crate::query::ReadToken) that came from another process.
    ///
    /// Returns at once where there is nothing to wait for: the projection does not listen to that aggregate,
    /// or has set it aside.
    ///
    /// # Errors
    ///
    /// [`QueryError::Behind`] when the views do not get there in time, and what the query's handler fails with.
    pub async fn query_after<Q: Answer<S>>(
        &self,
        after: impl Into<ReadAfter>,
        query: Q,
    ) -> Result<Q::Output, Q::Error> {
        self.inner.views.reach(Q::READS, &after.into()).await?;
        self.query(query).await
    }

    /// The views of projection `P` as they are now.
    ///
    /// # Errors
    ///
    /// [`QueryError::NotRegistered`] when the App was built without it.
    pub fn views<P: ViewProjection>(&self) -> Result<Views<P>, QueryError> {
        self.inner.views.of::<P>()
    }

    /// The views of projection `P`, once they show what `after` names; see [`App::query_after`].
    ///
    /// # Errors
    ///
    /// [`QueryError::NotRegistered`] when the App was built without it, [`QueryError::Behind`] when it does
    /// not get there in time.
    pub async fn views_after<P: ViewProjection>(
        &self,
        after: impl Into<ReadAfter>,
    ) -> Result<Views<P>, QueryError> {
        self.inner.views.reach(&[P::NAME], &after.into()).await?;
        self.views::<P>()
    }

    /// Waits until projection `P` has taken what `after` names; see [`App::query_after`]. For projections that are no
    /// views, whose tables are read with SQL.
    ///
    /// # Errors
    ///
    /// [`QueryError::NotRegistered`] when the App was built without it, [`QueryError::Behind`] when it does not get there
    /// in time.
    pub async fn reached<P: Projection>(&self, after: impl Into<ReadAfter>) -> Result<(), QueryError> {
        self.inner.views.entry::<P>()?;
        self.inner.views.reach(&[P::NAME], &after.into()).await
    }

    /// Waits until every projection shows, or has set aside, all that was committed before the call.
    ///
    /// Compares every aggregate's head in the store with its checkpoints; for tools and tests rather than for
    /// each request.
    ///
    /// # Errors
    ///
    /// [`QueryError::Behind`] when one does not get there `within` the time.
    pub async fn caught_up(&self, within: Duration) -> Result<(), QueryError> {
        self.inner.views.caught_up(&*self.inner.runtime.store, within).await
    }

    /// Compares every projection's views with the event store: where each stream ends, and how far each view
    /// is. What is still behind after a few seconds' grace is fetched, in the background: [`App::caught_up`]
    /// waits for it. Happens by itself too; see [`AppBuilder::verify_every`].
    ///
    /// A view that shows what the store does not hold, or comes from a stream that it does not have, is counted and
    /// named in the log, and left as it is; see [`Verified::diverged`].
    ///
    /// # Errors
    ///
    /// When the event store or a view database cannot be read.
    pub async fn verify(&self) -> Result<Vec<Verified>, QueryError> {
        self.inner.views.verify().await
    }

    /// Builds the views of projection `P` anew from the event store, beside the ones that serve, and then serves from
    /// the new ones: after a change of its handlers, say. The new code must be able to read the old rows; where it cannot,
    /// give the projection another name instead.
    ///
    /// Queries are answered from the old views until the new ones show, of every aggregate, at least what the old
    /// ones do; so no read steps back. Commands go on. Every process of the service changes over within about a
    /// second, and this returns when they have; all of them should run the new code by then. `tell` hears about ten
    /// times a second how far it is; what it heard last is also returned.
    ///
    /// Dropping the future, or the end of the process, gives the new views up; begin again. The old rows are removed
    /// a minute after the new ones have taken over.
    ///
    /// # Errors
    ///
    /// See [`RebuildError`]: the old views serve as before.
    pub async fn rebuild<P: ViewProjection>(
        &self,
        tell: impl FnMut(&RebuildProgress),
    ) -> Result<RebuildProgress, RebuildError> {
        let entry = self.inner.views.entry::<P>().map_err(|_| {
            let (projection, type_name) = (P::NAME, std::any::type_name::<P>());
            RebuildError::NotRegistered { projection, type_name }
        })?;
        entry.served.clone().rebuild(tell).await
    }

    /// How the projections are doing, in the order they were registered.
    pub fn projections(&self) -> Vec<ProjectionStatus> {
        self.inner.views.status()
    }

    /// Asks the event store and each view database whether they answer, and says how the projections are doing. Parts
    /// that do not answer within 5 s are down.
    ///
    /// For a readiness probe: [`Health::is_up`], and the text for whoever looks at it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/given/bank.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use es_core::{app::App, repository::MemoryRepository, store::MemoryEventStore};
    /// # let app = App::builder(MemoryEventStore::new()).projection(Balances, MemoryRepository::new()).start().await?;
    /// let health = app.health().await;
    /// assert!(health.is_up(), "{health}");
    /// # Ok(()) }
    /// ```
    pub async fn health(&self) -> Health {
        let category = self.inner.category.get().copied();
        health::ask(&*self.inner.runtime.store, category, self.inner.views.entries()).await
    }

    /// The aggregates that projection `P` has set aside, at most `limit`.
    ///
    /// # Errors
    ///
    /// When `P` is not registered, and when the view database fails.
    pub async fn parked<P: Projection>(&self, limit: usize) -> Result<Vec<ParkedAggregate>, QueryError> {
        Ok(self.inner.views.entry::<P>()?.served.current().repository.parked(limit).await?)
    }

    /// The records that projection `P` could not read, and the events that were skipped, oldest first.
    ///
    /// # Errors
    ///
    /// When `P` is not registered, and when the view database fails.
    pub async fn dead_letters<P: Projection>(&self, limit: usize) -> Result<Vec<DeadLetter>, QueryError> {
        Ok(self.inner.views.entry::<P>()?.served.current().repository.dead_letters(limit).await?)
    }

    /// Takes up an aggregate that `P` has set aside: its events are read from the store, from the failed one
    /// on, in order. Returns when the view is at the stream's head, or is parked again, or is neither after a minute.
    ///
    /// Dropping the future does not undo it: once the aggregate is free, the listener goes on with it. One that is free
    /// and behind, as where a process died right after it had set it free, is waited for in the same way.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn retry_parked<P: Projection>(&self, stream: &StreamId) -> Result<(), ControlError> {
        self.inner.views.entry::<P>()?.served.current().listener.retry(stream).await
    }

    /// Gives up the commit at which `P` has set an aggregate aside, keeps it as a dead letter, and goes on
    /// with what follows, as [`App::retry_parked`] does. So it does with a commit that the store has and cannot read, and
    /// with what a stream has lost: their dead letters have no bytes. The dead letter is in the partition `skipped:` and the
    /// stream's name.
    ///
    /// Where the view shows a commit that the store does not have, nothing is skipped: [`ControlError::Forked`].
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn skip_parked<P: Projection>(&self, stream: &StreamId) -> Result<(), ControlError> {
        self.inner.views.entry::<P>()?.served.current().listener.skip(stream).await
    }

    /// Takes no more commands, waits until those that were sent before are replied to, and ends the listeners once
    /// what they have in hand is applied and the feed knows that they leave. Then the process may end. Queries go on being
    /// answered, from views that stand still.
    ///
    /// A command that comes later gets [`ExecuteError::Stopped`]. One on its way is waited for, also when its sender is
    /// gone: it is done, or refused, or gets a typed error as always. What a dropped `shutdown` has not ended yet ends
    /// with the App.
    ///
    /// Not to be called by a command's handler, which would wait for itself.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/given/bank.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use es_core::{app::App, handler::ExecuteError, store::MemoryEventStore};
    /// # let app = App::builder(MemoryEventStore::new()).start().await?;
    /// app.shutdown().await;
    /// let late = app.execute(&"ann".to_owned(), Open { owner: "Ann".to_owned() }).await;
    /// assert!(matches!(late, Err(ExecuteError::Stopped)));
    /// # Ok(()) }
    /// ```
    pub async fn shutdown(&self) {
        self.inner.runtime.work.stop().await;
        self.inner.views.stop().await;
    }
}
