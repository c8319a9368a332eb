use std::{
    fmt,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::SystemTime,
};

use quick_cache::sync::Cache;
use uuid::Uuid;

use super::{Committed, ConflictPolicy, ExecuteError, LoadError, Loaded, Slot, Turn, job::Ask, load::Live};
use crate::{
    BoxFuture,
    aggregate::Aggregate,
    command::{Command, CommandContext, Decide, Envelope},
    event::Codec,
    store::{DynStore, StreamId},
};

/// What all executors of an App share.
pub(crate) struct Runtime<S> {
    pub(crate) store: Arc<dyn DynStore>,
    pub(crate) services: S,
    pub(crate) codec: Codec,
    pub(crate) conflicts: ConflictPolicy,
    /// How many aggregates of a type are kept in memory.
    pub(crate) cached: usize,
    /// Runs turns whose leader has left.
    pub(crate) tokio: tokio::runtime::Handle,
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
    pub(super) loads: metrics::Counter,
}

impl Counters {
    fn new(aggregate: &'static str) -> Self {
        Self {
            commits: metrics::counter!("es_commits_total", "aggregate" => aggregate),
            commands: metrics::counter!("es_commands_committed_total", "aggregate" => aggregate),
            conflicts: metrics::counter!("es_conflicts_total", "aggregate" => aggregate),
            loads: metrics::counter!("es_loads_total", "aggregate" => aggregate),
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
        let (job, mut reply) = Ask::new(command, named, cx);
        let slot = self.slot(id);
        if slot.enqueue(Box::new(job)) {
            // Ours is the turn. It runs here as long as our own command needs it, and in a task of its own
            // when others wait or the caller leaves.
            let turn = Turn::new(self.clone(), slot);
            Led { reply: &mut reply, turn: Some(Box::pin(turn.run())), tokio: &self.runtime.tokio }.await;
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

    fn slot(&self, id: &A::Id) -> Arc<Slot<A, S>> {
        if let Some(slot) = self.slots.get(id) {
            return slot;
        }
        let fresh = OnceLock::new();
        let made = self.slots.get_or_insert_with(id, || {
            Ok::<_, std::convert::Infallible>(
                fresh.get_or_init(|| Arc::new(Slot::new(StreamId::new(A::CATEGORY, id.to_string())))).clone(),
            )
        });
        match made {
            Ok(slot) => slot,
            Err(never) => match never {},
        }
    }
}

impl<A: Aggregate, S> fmt::Debug for Executor<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Executor({})", A::CATEGORY)
    }
}

/// Runs a turn until the leader's own reply is there. Dropped before the turn's end, it hands the rest to a
/// task: what was sent to the store is waited for, and what waits is done.
struct Led<'a, T> {
    reply: &'a mut tokio::sync::oneshot::Receiver<T>,
    turn: Option<BoxFuture<'static, ()>>,
    tokio: &'a tokio::runtime::Handle,
}

impl<T> Future for Led<'_, T> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(turn) = &mut this.turn else { return Poll::Ready(()) };
        if turn.as_mut().poll(cx).is_ready() {
            this.turn = None;
            return Poll::Ready(());
        }
        if this.reply.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl<T> Drop for Led<'_, T> {
    fn drop(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.tokio.spawn(turn);
        }
    }
}
