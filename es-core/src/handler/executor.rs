use futures_util::future::poll_immediate;
use quick_cache::sync::Cache;
use std::{fmt, sync::Arc, time::SystemTime};
use uuid::Uuid;

use super::{
    AtWork, Committed, ConflictPolicy, ExecuteError, LoadError, Loaded, Slot, Turn, Work, job::Ask,
    load::Live,
};
use crate::{
    BoxFuture,
    aggregate::Aggregate,
    command::{Command, CommandContext, Decide, Envelope},
    event::Codec,
    metrics as names,
    store::{DynStore, LONGEST_ID, StreamId},
};

/// What all executors of an App share.
pub(crate) struct Runtime<S> {
    pub(crate) store: Arc<dyn DynStore>,
    pub(crate) services: S,
    pub(crate) codec: Codec,
    pub(crate) conflicts: ConflictPolicy,
    /// How many aggregates of a type are kept in memory.
    pub(crate) cached: usize,
    /// Runs turns that have to wait, and saves snapshots.
    pub(crate) tokio: tokio::runtime::Handle,
    /// The commands on their way.
    pub(crate) work: Arc<Work>,
}

/// The commands of one aggregate type.
pub(crate) struct Executor<A: Aggregate, S> {
    pub(super) runtime: Arc<Runtime<S>>,
    pub(super) counters: Counters,
    slots: Cache<A::Id, Arc<Slot<A, S>>>,
}

/// Registered once, so that counting costs no look-up.
pub(super) struct Counters {
    pub(super) commits: metrics::Counter,
    pub(super) commands: metrics::Counter,
    pub(super) conflicts: metrics::Counter,
    /// Commands decided again after a conflict.
    pub(super) retries: metrics::Counter,
    pub(super) loads: metrics::Counter,
}

impl Counters {
    fn new(aggregate: &'static str) -> Self {
        Self {
            commits: metrics::counter!(names::COMMITS, "aggregate" => aggregate),
            commands: metrics::counter!(names::COMMANDS, "aggregate" => aggregate),
            conflicts: metrics::counter!(names::CONFLICTS, "aggregate" => aggregate),
            retries: metrics::counter!(names::RETRIES, "aggregate" => aggregate),
            loads: metrics::counter!(names::LOADS, "aggregate" => aggregate),
        }
    }
}

impl<A: Aggregate, S: Send + Sync + 'static> Executor<A, S> {
    pub(crate) fn new(runtime: Arc<Runtime<S>>) -> Self {
        let slots = Cache::new(runtime.cached);
        Self { runtime, counters: Counters::new(A::CATEGORY), slots }
    }

    pub(crate) async fn execute<C>(
        self: &Arc<Self>,
        id: &A::Id,
        envelope: Envelope<C>,
        at_work: AtWork,
    ) -> Result<Committed<A>, ExecuteError<C::Error>>
    where
        C: Command<Aggregate = A> + Decide<S>,
    {
        let Envelope { command, id: command_id, metadata } = envelope;
        let named = command_id.is_some();
        let command_id = command_id.unwrap_or_else(Uuid::now_v7);
        let cx = CommandContext {
            id: id.clone(),
            version: 0,
            command_id,
            metadata,
            received_at: SystemTime::now(),
        };
        let (job, reply) = Ask::new(command, named, cx, at_work);
        let too_long = |length| ExecuteError::IdTooLong { category: A::CATEGORY, length };
        let slot = self.slot(id).map_err(too_long)?;
        if slot.enqueue(Box::new(job)) {
            // Ours is the turn. One that has to wait goes on in a task of its own: a caller who leaves, or
            // does not poll for a while, holds up nobody, and what was sent to the store is waited for.
            let mut turn: BoxFuture<'static, ()> = Box::pin(Turn::new(self.clone(), slot).run());
            if poll_immediate(&mut turn).await.is_none() {
                self.runtime.tokio.spawn(turn);
            }
        }
        match reply.await {
            Ok(result) => result,
            // The turn ended in the middle: the runtime is shutting down, or a bug of ours.
            Err(_) => Err(ExecuteError::OutcomeUnknown { command_id, source: None }),
        }
    }

    pub(crate) async fn load(&self, id: &A::Id) -> Result<Loaded<A>, LoadError> {
        let stream = StreamId::new(A::CATEGORY, id.to_string());
        let live = Live::<A>::load(&*self.runtime.store, &stream).await?;
        Ok(Loaded { state: live.state, version: live.version.last_sequence() })
    }

    /// Unless the id's text is too long; then its length.
    fn slot(&self, id: &A::Id) -> Result<Arc<Slot<A, S>>, usize> {
        self.slots.get_or_insert_with(id, || {
            let id = id.to_string();
            if id.len() > LONGEST_ID {
                return Err(id.len());
            }
            Ok(Arc::new(Slot::new(StreamId::new(A::CATEGORY, id))))
        })
    }
}

impl<A: Aggregate, S> fmt::Debug for Executor<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Executor({})", A::CATEGORY)
    }
}
