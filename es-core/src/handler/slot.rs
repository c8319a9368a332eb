use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Job, load::Live};
use crate::{aggregate::Aggregate, store::StreamId};

/// One aggregate in the cache: its state as last known, and the commands that wait for it.
pub(super) struct Slot<A: Aggregate, S> {
    pub(super) stream: StreamId,
    inner: Mutex<Inner<A, S>>,
}

/// Commands of one aggregate.
pub(super) type Jobs<A, S> = Vec<Box<dyn Job<A, S>>>;

/// The most commands that are decided in one round.
const ROUND: usize = 1024;

struct Inner<A: Aggregate, S> {
    /// Absent before the first load, after an unknown outcome, and while a turn has it.
    live: Option<Box<Live<A>>>,
    /// Whether someone has the turn.
    taken: bool,
    waiting: Jobs<A, S>,
}

impl<A: Aggregate, S> Slot<A, S> {
    pub(super) fn new(stream: StreamId) -> Self {
        Self { stream, inner: Mutex::new(Inner { live: None, taken: false, waiting: Vec::new() }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<A, S>> {
        // No code of users runs under this lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a command. The turn falls to whoever finds it free: `true`.
    pub(super) fn enqueue(&self, job: Box<dyn Job<A, S>>) -> bool {
        let mut inner = self.lock();
        inner.waiting.push(job);
        !std::mem::replace(&mut inner.taken, true)
    }

    /// The state, for the one who has the turn.
    pub(super) fn take_live(&self) -> Option<Box<Live<A>>> {
        self.lock().live.take()
    }

    /// Moves the waiting commands into `jobs`, which is empty. Without any, gives the turn and the state back
    /// and says `false`.
    pub(super) fn next_round(&self, jobs: &mut Jobs<A, S>, live: &mut Option<Box<Live<A>>>) -> bool {
        let mut inner = self.lock();
        if inner.waiting.is_empty() {
            inner.live = live.take();
            inner.taken = false;
            // The emptied queue's memory serves the next turn.
            std::mem::swap(&mut inner.waiting, jobs);
            return false;
        }
        if inner.waiting.len() <= ROUND {
            std::mem::swap(&mut inner.waiting, jobs);
        } else {
            jobs.extend(inner.waiting.drain(..ROUND));
        }
        true
    }

    /// Gives the turn back when it ended in the middle. Whoever waits is told by the drop of its job.
    pub(super) fn abandon(&self) {
        let abandoned = {
            let mut inner = self.lock();
            inner.live = None;
            inner.taken = false;
            std::mem::take(&mut inner.waiting)
        };
        drop(abandoned);
    }
}
