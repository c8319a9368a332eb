use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::{
    Part, StopReason,
    run::Run,
    sift::{Sifted, sift},
    trace,
    work::{Failing, Work},
};
use crate::{
    handler::jittered,
    projection::OnFailure,
    repository::{ApplyError, Batch, Checkpoint, Move, Parked, RepositoryError},
    store::{Commit, StreamForked, from_millis, to_millis},
};

/// How long a record that came too early is held before what is missing is fetched.
const HOLD: Duration = Duration::from_millis(50);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// What one work comes to in this attempt.
struct Step {
    at: Checkpoint,
    sifted: Sifted,
    park: Option<Parked>,
}

impl Step {
    /// Where the aggregate's checkpoint goes, if it moves.
    fn to(&self) -> Option<Checkpoint> {
        let to = match self.sifted.take.last() {
            Some(last) => Checkpoint { applied: last.last_sequence, commit_id: Some(last.id), parked: None },
            None => self.at.clone(),
        };
        let moves = self.park.is_some() || !self.sifted.take.is_empty();
        moves.then(|| Checkpoint { parked: self.park.clone(), ..to })
    }

    fn applied(&self) -> u64 {
        self.sifted.take.last().map_or(self.at.applied, |last| last.last_sequence)
    }
}

impl Run {
    /// Applies what can be applied of `works`, each aggregate's in order, in one transaction; holds the rest.
    ///
    /// Returns when that is done: while the database is out of reach it waits, and the feed with it.
    pub(super) async fn attempt(&mut self, mut works: Vec<Work>) -> Result<(), StopReason> {
        loop {
            let checkpoints = self.checkpoints(&works).await?;
            let mut steps = Vec::with_capacity(works.len());
            for (work, at) in works.iter_mut().zip(checkpoints) {
                steps.push(self.plan(work, at).await?);
            }
            self.hold_back(&works, &steps);
            let batch = self.batch(&works, &steps);
            let applied = match &batch {
                Some(batch) => {
                    let _open = trace::spans(self.listener.projection, batch);
                    self.listener.repository.apply(batch).await
                }
                None => Ok(()),
            };
            for work in &works {
                // Held only to know up to where the offsets are saved.
                self.hold.take(&work.stream);
            }
            match applied {
                Ok(()) => {
                    if let Some(batch) = batch {
                        self.database_is_back();
                        self.hold.offsets_saved(&batch.offsets);
                        self.letters.clear();
                    }
                    works.into_iter().zip(steps).for_each(|(work, step)| self.settle(work, step));
                    self.measure(&[]);
                    return Ok(());
                }
                // Another listener is at work on them, or an earlier attempt went through without saying so.
                Err(ApplyError::Moved { streams }) => {
                    for stream in &streams {
                        self.checkpoints.remove(stream);
                    }
                }
                Err(ApplyError::Event { stream, sequence, source, retry, .. }) => {
                    if let Some(work) = works.iter_mut().find(|work| work.stream == stream) {
                        self.failed(work, sequence, source.to_string(), retry)?;
                    }
                }
                Err(ApplyError::Superseded { .. }) => return Err(StopReason::Superseded),
                Err(ApplyError::Repository(error)) => {
                    self.measure(&works);
                    self.database_failed(error).await?;
                }
            }
        }
    }

    /// Where each of `works` is. Not looked up in the cache once more: what is new there may leave it again at once.
    pub(super) async fn checkpoints(&mut self, works: &[Work]) -> Result<Vec<Checkpoint>, StopReason> {
        let mut at = Vec::with_capacity(works.len());
        let (mut places, mut unknown) = (Vec::new(), Vec::new());
        for work in works {
            let known = self.checkpoints.get(&work.stream).cloned();
            if known.is_none() {
                places.push(at.len());
                unknown.push(work.stream.clone());
            }
            at.push(known.unwrap_or_default());
        }
        if unknown.is_empty() {
            return Ok(at);
        }
        loop {
            match self.listener.repository.checkpoints(&unknown).await {
                Ok(checkpoints) => {
                    self.database_is_back();
                    for ((place, stream), checkpoint) in places.into_iter().zip(unknown).zip(checkpoints) {
                        self.checkpoints.insert(stream, checkpoint.clone());
                        at[place] = checkpoint;
                    }
                    return Ok(at);
                }
                Err(error) => {
                    self.measure(works);
                    self.database_failed(error).await?;
                }
            }
        }
    }

    async fn plan(&mut self, work: &mut Work, at: Checkpoint) -> Result<Step, StopReason> {
        if at.parked.is_some() {
            // Dropped: when it is taken up again, the store has them.
            work.commits.clear();
            return Ok(Step { at, sifted: Sifted::default(), park: None });
        }
        let (mut sifted, fork) = self.sift_checked(&at, work).await?;
        if let Some(fork) = fork {
            // Which of the two chains is right is not to be guessed.
            let park = Some(parked(fork.sequence, fork.to_string()));
            return Ok(Step { at, sifted: Sifted::default(), park });
        }
        let mut park = None;
        if let Some(failing) = &work.failing {
            if failing.sequence <= at.applied {
                work.failing = None;
            } else if failing.due > Instant::now() || self.gave_up(failing) {
                let before =
                    sifted.take.iter().take_while(|commit| commit.last_sequence < failing.sequence).count();
                let rest = sifted.take.split_off(before);
                if self.gave_up(failing) {
                    park = Some(parked(failing.sequence, failing.error.clone()));
                } else {
                    sifted.beyond.extend(rest);
                }
            }
        }
        Ok(Step { at, sifted, park })
    }

    /// Sifts the commits of `work`, without those that contradict the event store; a fork of the stream that is
    /// in the store itself is the second answer.
    async fn sift_checked(
        &mut self,
        at: &Checkpoint,
        work: &mut Work,
    ) -> Result<(Sifted, Option<StreamForked>), StopReason> {
        loop {
            let sifted = sift(at, &work.commits);
            let Some(suspect) = &sifted.suspect else { return Ok((sifted, None)) };
            if let Some(fork) = self.fork_at(suspect).await? {
                return Ok((sifted, Some(fork)));
            }
            tracing::warn!(projection = self.shared.projection, stream = %work.stream, sequence = suspect.sequence, id = %suspect.id, "a record contradicts the event store; it is dropped");
            self.shared.counts.foreign.add(1);
            work.drop_commit(suspect.id);
        }
    }

    fn gave_up(&self, failing: &Failing) -> bool {
        !failing.retry || failing.attempts > self.listener.failure.retries
    }

    /// Whether a commit that contradicts the view is the store's own: then the stream is forked.
    async fn fork_at(&mut self, suspect: &Commit) -> Result<Option<StreamForked>, StopReason> {
        let mut failures = 0;
        loop {
            match self.listener.store.read(&suspect.stream, suspect.sequence, 1).await {
                Ok(page) => {
                    if failures > 0 {
                        self.shared.running();
                    }
                    let stored = page.commits.first().is_some_and(|stored| stored.id == suspect.id);
                    return Ok(stored.then(|| StreamForked {
                        stream: suspect.stream.clone(),
                        sequence: suspect.sequence,
                        reason: format!(
                            "commit {} is stored there, and the view has applied another",
                            suspect.id
                        ),
                    }));
                }
                Err(error) => {
                    failures += 1;
                    self.wait_out(Part::Store, &error, failures).await?;
                }
            }
        }
    }

    /// Before the offsets are collected, keeps what this attempt leaves undone.
    fn hold_back(&mut self, works: &[Work], steps: &[Step]) {
        for (work, step) in works.iter().zip(steps) {
            if step.at.parked.is_none() && step.park.is_none() && unfinished(work, step) {
                let mut rest = Work::new(work.stream.clone());
                rest.offsets.clone_from(&work.offsets);
                self.hold.keep(rest, Instant::now());
            }
        }
    }

    /// What goes into one transaction; nothing, if there is nothing to save.
    fn batch(&mut self, works: &[Work], steps: &[Step]) -> Option<Batch> {
        let moves = works.iter().zip(steps).filter_map(|(work, step)| {
            let (stream, to) = (work.stream.clone(), step.to()?);
            Some(Move { stream, expected: step.at.clone(), to, commits: step.sifted.take.clone() })
        });
        let moves: Vec<_> = moves.collect();
        if moves.is_empty() && self.letters.is_empty() && !self.offsets_are_due() {
            return None;
        }
        let batch = Batch { moves, offsets: self.hold.offsets(), dead_letters: self.letters.clone() };
        (!batch.is_empty()).then_some(batch)
    }

    /// After a transaction: remembers where the aggregate is now, wakes who waited, and holds the rest.
    fn settle(&mut self, mut work: Work, step: Step) {
        let unfinished = unfinished(&work, &step);
        let applied = step.applied();
        let counts = &self.shared.counts;
        counts.applied.add(step.sifted.take.len() as u64);
        step.sifted.take.iter().for_each(|commit| self.shared.lag.applied(commit));
        counts.duplicates.add(step.sifted.duplicates);
        if step.at.parked.is_some() || step.park.is_some() {
            // Not remembered, so that a listener notices when somebody takes it up again.
            self.checkpoints.remove(&work.stream);
            if let Some(parked) = &step.park {
                counts.parked.add(1);
                tracing::error!(projection = self.shared.projection, stream = %work.stream, sequence = parked.sequence, error = parked.error, "an aggregate is set aside");
            }
            self.shared.progress.reached(&work.stream, u64::MAX);
            return;
        }
        if let Some(to) = step.to() {
            self.checkpoints.insert(work.stream.clone(), to);
            self.shared.progress.reached(&work.stream, applied);
            work.misses = 0;
        }
        if !unfinished {
            return;
        }
        let now = Instant::now();
        let due = match &work.failing {
            Some(failing) if failing.sequence > applied => failing.due,
            _ if work.misses > 0 => now + jittered(HOLD * 2, LONGEST_RETRY, work.misses),
            _ if work.more => now,
            _ => {
                counts.held.add(step.sifted.beyond.len() as u64);
                now + HOLD
            }
        };
        work.commits = step.sifted.beyond;
        self.hold.keep(work, due);
    }

    /// An event of `work` could not be taken.
    pub(super) fn failed(
        &self,
        work: &mut Work,
        sequence: u64,
        error: String,
        retry: bool,
    ) -> Result<(), StopReason> {
        let before = work.failing.as_ref().filter(|failing| failing.sequence == sequence);
        let attempts = before.map_or(0, |failing| failing.attempts) + 1;
        let due = Instant::now() + jittered(FIRST_RETRY, LONGEST_RETRY, attempts);
        let failing = Failing { sequence, error, attempts, retry, due };
        let stop = self.gave_up(&failing) && self.listener.failure.then == OnFailure::Stop;
        if stop {
            let (stream, error) = (work.stream.clone(), failing.error);
            return Err(StopReason::EventFailed { stream, sequence, error });
        }
        tracing::warn!(projection = self.shared.projection, stream = %work.stream, sequence, error = failing.error, attempts, "an event failed");
        if !self.gave_up(&failing) {
            self.shared.counts.retries.add(1);
        }
        work.failing = Some(failing);
        Ok(())
    }

    /// Waits for the view database, unless waiting does not help.
    pub(super) async fn database_failed(&mut self, error: RepositoryError) -> Result<(), StopReason> {
        if matches!(error, RepositoryError::Corrupt { .. } | RepositoryError::Unfit { .. }) {
            return Err(StopReason::Corrupt(error.to_string()));
        }
        // What was sent may have been done all the same: the next attempt's checkpoints say so.
        self.database_failures += 1;
        self.wait_out(Part::Views, &error, self.database_failures).await
    }

    pub(super) fn database_is_back(&mut self) {
        if self.database_failures > 0 {
            self.database_failures = 0;
            self.shared.running();
        }
    }
}

/// Whether something of `work` is left to do after `step`.
fn unfinished(work: &Work, step: &Step) -> bool {
    step.applied() < work.goal || work.more || !step.sifted.beyond.is_empty()
}

fn parked(sequence: u64, error: String) -> Parked {
    Parked { sequence, error, at: from_millis(to_millis(SystemTime::now())) }
}
