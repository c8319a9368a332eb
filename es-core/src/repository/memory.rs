use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::Arc,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    ApplyError, Batch, Checkpoint, DeadLetter, Generations, Move, ParkedAggregate, Repository,
    RepositoryError, Row, TakeOver, ViewTransaction,
};
use crate::{
    feed::{Offset, Partition},
    projection::{FoldPlan, ViewProjection, style},
    store::StreamId,
};

#[derive(Default)]
struct Space {
    rows: BTreeMap<String, Vec<u8>>,
    checkpoints: BTreeMap<StreamId, Checkpoint>,
    offsets: BTreeMap<Partition, i64>,
    dead_letters: BTreeMap<(Partition, i64), DeadLetter>,
}

/// Views in memory: for tests and for trying things out. Clones share their content.
///
/// Everything is gone with the process, so it fits only a store that is, too.
#[derive(Clone, Default)]
pub struct MemoryRepository {
    projections: Arc<std::sync::Mutex<HashMap<&'static str, Projected>>>,
    /// The one that is meant; the first by default.
    generation: u32,
}

/// What is kept for one projection.
#[derive(Default)]
struct Projected {
    generations: Generations,
    last: u32,
    spaces: HashMap<u32, Arc<Mutex<Space>>>,
}

impl std::fmt::Debug for MemoryRepository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryRepository")
    }
}

impl MemoryRepository {
    /// An empty repository.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, projection: &'static str, act: impl FnOnce(&mut Projected) -> T) -> T {
        let mut projections = self.projections.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        act(projections.entry(projection).or_default())
    }

    fn space(&self, projection: &'static str) -> Arc<Mutex<Space>> {
        self.space_of(projection, self.generation)
    }

    fn space_of(&self, projection: &'static str, generation: u32) -> Arc<Mutex<Space>> {
        self.with(projection, |kept| kept.spaces.entry(generation).or_default().clone())
    }
}

impl<P: ViewProjection> Repository<P, style::View> for MemoryRepository {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        Ok(())
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        let space = self.space(P::NAME).lock_owned().await;
        Ok(streams.iter().map(|s| space.checkpoints.get(s).cloned().unwrap_or_default()).collect())
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let space = self.space(P::NAME).lock_owned().await;
        Ok(space.checkpoints.range((from, Bound::Unbounded)).take(limit).map(|(s, _)| s.clone()).collect())
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        let space = self.space(P::NAME).lock_owned().await;
        Ok(space.offsets.iter().map(|(p, o)| Offset { partition: p.clone(), offset: *o }).collect())
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let plan = FoldPlan::new(projection, batch)?;
        let space = self.space(P::NAME).lock_owned().await;
        // With the lock held: who takes over has it, too.
        if !self.with(P::NAME, |kept| kept.generations.takes(self.generation)) {
            return Err(ApplyError::Superseded { projection: P::NAME, generation: self.generation });
        }
        plan.run(Transaction { space, moved: Vec::new(), rows: Vec::new(), offsets: Batch::default() }).await
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        let space = self.space(P::NAME).lock_owned().await;
        let parked = space.checkpoints.iter().filter(|(_, c)| c.parked.is_some()).take(limit);
        Ok(parked.map(|(s, c)| ParkedAggregate { stream: s.clone(), checkpoint: c.clone() }).collect())
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        Ok(self.space(P::NAME).lock_owned().await.dead_letters.values().take(limit).cloned().collect())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(self.space(P::NAME).lock_owned().await.rows.get(key).cloned())
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let space = self.space(P::NAME).lock_owned().await;
        let rows = space.rows.range::<str, _>((from, Bound::Unbounded)).take(limit);
        Ok(rows.map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    fn at_generation(&self, generation: u32) -> Option<Self> {
        Some(Self { projections: self.projections.clone(), generation })
    }

    async fn generations(&self) -> Result<Generations, RepositoryError> {
        Ok(self.with(P::NAME, |kept| kept.generations))
    }

    async fn begin_filling(&self) -> Result<u32, RepositoryError> {
        Ok(self.with(P::NAME, |kept| {
            kept.last += 1;
            kept.generations.filling = Some(kept.last);
            let Generations { serving, before, .. } = kept.generations;
            kept.spaces.retain(|generation, _| serving == *generation || before == Some(*generation));
            kept.last
        }))
    }

    async fn take_over(&self, generation: u32) -> Result<TakeOver, RepositoryError> {
        let Generations { serving, .. } = self.with(P::NAME, |kept| kept.generations);
        if serving == generation {
            return Ok(TakeOver::Done);
        }
        let old = self.space_of(P::NAME, serving).lock_owned().await;
        let mut new = self.space_of(P::NAME, generation).lock_owned().await;
        let (mut aggregates, mut parked) = (0, 0);
        for (stream, old) in &old.checkpoints {
            let new = new.checkpoints.get(stream);
            if new.map_or(0, |new| new.applied) < old.applied {
                aggregates += 1;
                parked += u64::from(new.is_some_and(|new| new.parked.is_some()));
            }
        }
        Ok(self.with(P::NAME, |kept| {
            if kept.generations.serving != serving || kept.generations.filling != Some(generation) {
                return TakeOver::Superseded;
            }
            if aggregates > 0 {
                return TakeOver::Behind { aggregates, parked };
            }
            // Not what was skipped by hand in the old rows, which says nothing about the new ones.
            for (place, letter) in old.dead_letters.iter().filter(|((p, _), _)| !p.starts_with("skipped:")) {
                new.dead_letters.entry(place.clone()).or_insert_with(|| letter.clone());
            }
            kept.generations = Generations { serving: generation, filling: None, before: Some(serving) };
            TakeOver::Done
        }))
    }

    async fn prune(&self) -> Result<(), RepositoryError> {
        self.with(P::NAME, |kept| {
            let generations = kept.generations;
            kept.spaces.retain(|generation, _| generations.takes(*generation));
        });
        Ok(())
    }
}

/// Keeps what to change until `commit`, so that dropping it rolls back.
struct Transaction {
    space: OwnedMutexGuard<Space>,
    moved: Vec<(StreamId, Checkpoint)>,
    rows: Vec<Row>,
    offsets: Batch,
}

impl ViewTransaction for Transaction {
    async fn move_checkpoints(&mut self, moves: &[Move]) -> Result<Vec<usize>, ApplyError> {
        let here = |m: &Move| {
            let at = self.space.checkpoints.get(&m.stream);
            at.map_or(0, |c| c.applied) == m.expected.applied
                && at.is_some_and(|c| c.parked.is_some()) == m.expected.parked.is_some()
        };
        let elsewhere = moves.iter().enumerate().filter(|(_, m)| !here(m)).map(|(i, _)| i).collect();
        self.moved = moves.iter().map(|m| (m.stream.clone(), m.to.clone())).collect();
        Ok(elsewhere)
    }

    async fn lock_rows(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, RepositoryError> {
        Ok(keys.iter().map(|k| self.space.rows.get(k).cloned()).collect())
    }

    async fn save_rows(&mut self, rows: &[Row]) -> Result<(), RepositoryError> {
        self.rows = rows.to_vec();
        Ok(())
    }

    async fn save_offsets(&mut self, batch: &Batch) -> Result<(), ApplyError> {
        self.offsets.offsets.clone_from(&batch.offsets);
        self.offsets.dead_letters.clone_from(&batch.dead_letters);
        Ok(())
    }

    async fn commit(mut self) -> Result<(), RepositoryError> {
        let space = &mut *self.space;
        space.checkpoints.extend(self.moved);
        space.rows.extend(self.rows);
        for Offset { partition, offset } in self.offsets.offsets {
            let saved = space.offsets.entry(partition).or_insert(offset);
            *saved = offset.max(*saved);
        }
        for letter in self.offsets.dead_letters {
            space.dead_letters.insert((letter.partition.clone(), letter.offset), letter);
        }
        Ok(())
    }
}
