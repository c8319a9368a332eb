use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{
    Executor, LoadError, Slot,
    duplicate::done_before,
    job::{Failure, Flaw, Stage},
    load::{Live, apply},
    slot::Jobs,
};
use crate::{
    aggregate::Aggregate,
    event::FrameBuilder,
    store::{AppendError, Commit, DynStore, Limits},
};

/// The right to write to one aggregate in this process, until nobody waits any more.
pub(super) struct Turn<A: Aggregate, S> {
    executor: Arc<Executor<A, S>>,
    slot: Arc<Slot<A, S>>,
    /// Absent when it is not known where the stream ends: before the first load, or after a failure.
    live: Option<Box<Live<A>>>,
    jobs: Jobs<A, S>,
    over: bool,
}

impl<A: Aggregate, S> Drop for Turn<A, S> {
    fn drop(&mut self) {
        if !self.over {
            self.slot.abandon();
        }
    }
}

/// What a round has found out so far.
#[derive(Default)]
struct Progress {
    /// Appends in a row that lost to another writer.
    refused: u32,
    /// Whether the state was the stream's head at a moment after all of the round's commands had arrived.
    fresh: bool,
}

/// What is to be appended.
struct Decided<A> {
    frame: FrameBuilder,
    /// The state after the frame's commands but for `unapplied`; absent while that is the only one.
    ahead: Option<A>,
    /// The last command in the frame.
    unapplied: Option<usize>,
}

impl<A: Aggregate, S: Send + Sync + 'static> Turn<A, S> {
    pub(super) fn new(executor: Arc<Executor<A, S>>, slot: Arc<Slot<A, S>>) -> Self {
        let live = slot.take_live();
        Self { executor, slot, live, jobs: Vec::new(), over: false }
    }

    /// Does all commands that wait, round by round.
    pub(super) async fn run(mut self) {
        let mut again = false;
        while self.slot.next_round(&mut self.jobs, &mut self.live) {
            if again {
                // A store that never waits must not keep this thread for as long as commands come.
                tokio::task::yield_now().await;
            }
            again = true;
            let mut progress = Progress::default();
            while !self.jobs.is_empty() {
                if let Err(failure) = self.step(&mut progress).await {
                    self.fail(&failure, |_| true);
                }
            }
        }
        self.over = true;
    }

    /// Decides and appends once. Replies to at least one command, or says in `progress` what it learnt.
    async fn step(&mut self, progress: &mut Progress) -> Result<(), Failure> {
        let store = self.executor.runtime.store.clone();
        let stream = &self.slot.stream;
        let mut live = match self.live.take() {
            Some(live) => live,
            None => {
                self.executor.counters.loads.increment(1);
                Box::new(Live::load(&*store, stream).await.map_err(load_failed)?)
            }
        };
        let decided = decide(&self.executor, &self.slot, &mut self.jobs, &live).await;
        if decided.frame.command_count() == 0 {
            // A reply that writes nothing cannot conflict: it needs another proof that it is true.
            let to_prove = !progress.fresh && self.jobs.iter().any(|job| job.stage() == Stage::WritesNothing);
            let moved = to_prove && live.catch_up(&*store, stream).await.map_err(load_failed)?;
            progress.fresh |= to_prove;
            self.live = Some(live);
            if moved {
                self.reconsider()
            } else {
                self.reply()
            }
            return Ok(());
        }
        let Decided { frame, ahead, unapplied } = decided;
        let commit =
            Arc::new(Commit::following(&live.version, stream.clone(), self.executor.runtime.codec, frame));
        let outcome = store.append(commit.clone()).await;
        let refused = std::mem::take(&mut progress.refused) + 1;
        let failure = match outcome {
            Ok(()) => {
                progress.fresh = true;
                self.advance(live, &commit, ahead, unapplied);
                self.reply();
                return Ok(());
            }
            Err(AppendError::Conflict { .. }) => {
                self.executor.counters.conflicts.increment(1);
                let policy = self.executor.runtime.conflicts;
                if refused < policy.attempts {
                    tokio::time::sleep(policy.pause(refused)).await;
                    live.read_tail(&*store, &self.slot.stream).await.map_err(load_failed)?;
                    progress.refused = refused;
                    self.live = Some(live);
                    self.reconsider();
                    self.executor.counters.retries.increment(self.jobs.len() as u64);
                    return Ok(());
                }
                Failure::Contended(refused)
            }
            Err(error @ AppendError::OutcomeUnknown(_)) => Failure::OutcomeUnknown(Arc::new(error)),
            Err(error @ AppendError::TooLarge { .. }) => Failure::TooLarge(Arc::new(error)),
            Err(error) => Failure::Append(Arc::new(error)),
        };
        // Where the stream ends is known as before, unless the commit may be there.
        self.live = (!matches!(failure, Failure::OutcomeUnknown(_))).then_some(live);
        self.fail(&failure, |stage| stage == Stage::Writes);
        // What was decided beside them may rest on events that are not there.
        self.reconsider();
        Ok(())
    }

    /// Takes what was stored into the state.
    fn advance(
        &mut self,
        mut live: Box<Live<A>>,
        commit: &Commit,
        ahead: Option<A>,
        unapplied: Option<usize>,
    ) {
        if let Some(ahead) = ahead {
            live.state = ahead;
        }
        let applied = match unapplied {
            Some(last) => apply(&mut live.state, self.jobs[last].events()),
            None => Ok(()),
        };
        let mut commands = 0;
        for job in self.jobs.iter().filter(|job| job.stage() == Stage::Writes) {
            live.ids.insert(job.cx().command_id, commit.sequence);
            commands += 1;
        }
        self.executor.counters.commits.increment(1);
        self.executor.counters.commands.increment(commands);
        live.version = commit.version();
        live.since_snapshot += commit.last_sequence + 1 - commit.sequence;
        match applied {
            Ok(()) => {
                self.keep_snapshot(&mut live);
                self.live = Some(live);
            }
            // The events are stored all the same. The next load meets the panic again and says where.
            Err(message) => tracing::error!(stream = %commit.stream, "applying a stored event {message}"),
        }
    }

    fn keep_snapshot(&self, live: &mut Live<A>) {
        let Some(take) = live.due_snapshot(&self.slot.stream) else { return };
        let store = self.executor.runtime.store.clone();
        self.executor.runtime.tokio.spawn(async move {
            let Some(snapshot) = take() else { return };
            let stream = snapshot.stream.clone();
            if let Err(error) = store.save_snapshot(snapshot).await {
                tracing::warn!(%stream, %error, "a snapshot was not kept; loads read more of the stream");
            }
        });
    }

    fn reconsider(&mut self) {
        self.jobs.iter_mut().for_each(|job| job.reconsider());
        self.jobs.retain(|job| job.stage() != Stage::Replied);
    }

    /// Replies to all that are decided.
    fn reply(&mut self) {
        for job in self.jobs.iter_mut().filter(|job| job.stage() != Stage::Waiting) {
            job.reply(&self.slot.stream);
        }
        self.jobs.retain(|job| job.stage() != Stage::Replied);
    }

    fn fail(&mut self, failure: &Failure, whose: impl Fn(Stage) -> bool) {
        for job in self.jobs.iter_mut().filter(|job| whose(job.stage())) {
            job.fail(&self.slot.stream, failure.clone());
        }
        self.jobs.retain(|job| job.stage() != Stage::Replied);
    }
}

fn load_failed(error: LoadError) -> Failure {
    Failure::Load(Arc::new(error))
}

/// Decides commands in order, each on the state that the ones before it leave, until the commit is full.
async fn decide<A: Aggregate, S: Send + Sync + 'static>(
    executor: &Executor<A, S>,
    slot: &Slot<A, S>,
    jobs: &mut Jobs<A, S>,
    live: &Live<A>,
) -> Decided<A> {
    let store: &dyn DynStore = &*executor.runtime.store;
    let limits = store.limits();
    let mut culprits = Vec::new();
    loop {
        match decide_all(executor, slot, jobs, live, store, limits).await {
            Ok(decided) => return decided,
            // Rare: an `Apply` panicked on events that are not stored. All others are decided again without.
            Err((culprit, message)) => {
                jobs[culprit].refuse(Flaw::Panicked(message));
                culprits.push(culprit);
                let others = jobs.iter_mut().enumerate().filter(|(at, _)| !culprits.contains(at));
                others.for_each(|(_, job)| job.reconsider());
            }
        }
    }
}

async fn decide_all<A: Aggregate, S: Send + Sync + 'static>(
    executor: &Executor<A, S>,
    slot: &Slot<A, S>,
    jobs: &mut Jobs<A, S>,
    live: &Live<A>,
    store: &dyn DynStore,
    limits: Limits,
) -> Result<Decided<A>, (usize, String)> {
    let mut frame = FrameBuilder::new(executor.runtime.codec);
    let mut ahead: Option<A> = None;
    let mut unapplied: Option<usize> = None;
    // Most commands are alone, and need no memory of who else is in the frame.
    let alone = jobs.len() == 1;
    let mut in_frame = HashSet::new();
    for at in 0..jobs.len() {
        let (before, rest) = jobs.split_at_mut(at);
        let Some(job) = rest.first_mut().filter(|job| job.stage() == Stage::Waiting) else { continue };
        let id = job.cx().command_id;
        if job.named() {
            if in_frame.contains(&id) {
                // Left waiting: once its twin is stored, it is a duplicate.
                continue;
            }
            match done_before(store, slot, live, id).await {
                Ok(None) => {}
                Ok(Some((version, events))) => {
                    job.reply_duplicate(&slot.stream, version, events);
                    continue;
                }
                Err(error) => {
                    job.fail(&slot.stream, load_failed(error));
                    continue;
                }
            }
        }
        if let Some(last) = unapplied.take() {
            add(&mut ahead, &live.state, before[last].events()).map_err(|message| (last, message))?;
            unapplied = None;
        }
        let state = ahead.as_ref().unwrap_or(&live.state);
        let version = live.version.last_sequence() + frame.event_count();
        job.decide(state, version, &executor.runtime.services).await;
        if job.stage() != Stage::Writes {
            continue;
        }
        let mark = frame.mark();
        let pushed = catch_unwind(AssertUnwindSafe(|| frame.push(id, job.cx().metadata(), job.events())));
        match pushed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                job.refuse(Flaw::Encode(error));
                continue;
            }
            Err(panic) => {
                frame.rollback(mark);
                job.refuse(Flaw::Panicked(crate::panic_message(&*panic)));
                continue;
            }
        }
        let (size, events) = (frame.size(), frame.event_count());
        if size > limits.commit_bytes || events > limits.commit_events {
            frame.rollback(mark);
            if frame.command_count() > 0 {
                // The next commit's.
                job.reconsider();
                break;
            }
            let (limit_bytes, limit_events) = (limits.commit_bytes, limits.commit_events);
            let error = AppendError::TooLarge { size, events, limit_bytes, limit_events };
            job.refuse(Flaw::TooLarge(error));
            continue;
        }
        unapplied = Some(at);
        if !alone {
            in_frame.insert(id);
        }
    }
    Ok(Decided { frame, ahead, unapplied })
}

/// Applies `events` to the state ahead of what is stored, which begins as a copy of that.
fn add<A: Aggregate>(ahead: &mut Option<A>, stored: &A, events: &[A::Event]) -> Result<(), String> {
    if ahead.is_none() {
        let fork = catch_unwind(AssertUnwindSafe(|| stored.fork()));
        *ahead = Some(fork.map_err(|panic| crate::panic_message(&*panic))?);
    }
    match ahead {
        Some(state) => apply(state, events),
        None => Ok(()),
    }
}
