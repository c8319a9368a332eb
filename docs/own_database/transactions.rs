use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use event_sourcing::{
    feed::{Offset, Partition},
    projection::{FoldPlan, ViewProjection, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, Move, ParkedAggregate, Repository, RepositoryError, Row,
        ViewTransaction,
    },
    store::StreamId,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// A projection's four tables.
#[derive(Clone, Default)]
struct Tables {
    checkpoints: BTreeMap<StreamId, Checkpoint>,
    rows: BTreeMap<String, Vec<u8>>,
    offsets: BTreeMap<Partition, i64>,
    letters: BTreeMap<(Partition, i64), DeadLetter>,
}

type ByProjection = HashMap<&'static str, Arc<Mutex<Tables>>>;

/// The database. Clones are connections to it.
#[derive(Clone, Default)]
pub struct Ledger(Arc<std::sync::Mutex<ByProjection>>);

impl Ledger {
    async fn lock(&self, projection: &'static str) -> OwnedMutexGuard<Tables> {
        let tables = self.0.lock().unwrap_or_else(|e| e.into_inner()).entry(projection).or_default().clone();
        tables.lock_owned().await
    }
}

/// What is written stays in `draft` until the commit, so that dropping it rolls back.
struct Transaction {
    tables: OwnedMutexGuard<Tables>,
    draft: Tables,
}

impl ViewTransaction for Transaction {
    /// `UPDATE checkpoints SET .. WHERE stream = ? AND applied = ? AND parked IS ..`, for each move.
    async fn move_checkpoints(&mut self, moves: &[Move]) -> Result<Vec<usize>, ApplyError> {
        let mut elsewhere = Vec::new();
        for (index, Move { stream, expected, to, .. }) in moves.iter().enumerate() {
            let found = self.draft.checkpoints.insert(stream.clone(), to.clone()).unwrap_or_default();
            if (found.applied, found.parked.is_some()) != (expected.applied, expected.parked.is_some()) {
                elsewhere.push(index);
            }
        }
        Ok(elsewhere)
    }

    /// `INSERT .. ON CONFLICT DO NOTHING`, then `SELECT .. ORDER BY key FOR UPDATE`. Here, all is locked already.
    async fn lock_rows(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, RepositoryError> {
        Ok(keys.iter().map(|key| self.draft.rows.get(key).cloned()).collect())
    }

    async fn save_rows(&mut self, rows: &[Row]) -> Result<(), RepositoryError> {
        self.draft.rows.extend(rows.iter().cloned());
        Ok(())
    }

    /// An offset never goes back; a letter that is there already stays.
    async fn save_offsets(&mut self, batch: &Batch) -> Result<(), ApplyError> {
        for Offset { partition, offset } in &batch.offsets {
            let saved = self.draft.offsets.entry(partition.clone()).or_insert(*offset);
            *saved = (*saved).max(*offset);
        }
        for letter in &batch.dead_letters {
            let place = (letter.partition.clone(), letter.offset);
            self.draft.letters.entry(place).or_insert_with(|| letter.clone());
        }
        Ok(())
    }

    async fn commit(mut self) -> Result<(), RepositoryError> {
        *self.tables = self.draft;
        Ok(())
    }
}

impl<P: ViewProjection> Repository<P, style::View> for Ledger {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        Ok(()) // `CREATE TABLE IF NOT EXISTS ..`
    }

    /// Decodes before the transaction begins, then moves checkpoints, locks rows, folds, saves and commits.
    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let plan = FoldPlan::new(projection, batch)?;
        let tables = self.lock(P::NAME).await;
        plan.run(Transaction { draft: tables.clone(), tables }).await
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        let tables = self.lock(P::NAME).await;
        Ok(streams.iter().map(|stream| tables.checkpoints.get(stream).cloned().unwrap_or_default()).collect())
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        let streams = self.lock(P::NAME).await.checkpoints.clone().into_keys();
        Ok(streams.filter(|stream| after.is_none_or(|after| stream > after)).take(limit).collect())
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        let offsets = self.lock(P::NAME).await.offsets.clone().into_iter();
        Ok(offsets.map(|(partition, offset)| Offset { partition, offset }).collect())
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        let checkpoints = self.lock(P::NAME).await.checkpoints.clone().into_iter();
        let parked = checkpoints.filter(|(_, checkpoint)| checkpoint.parked.is_some()).take(limit);
        Ok(parked.map(|(stream, checkpoint)| ParkedAggregate { stream, checkpoint }).collect())
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        Ok(self.lock(P::NAME).await.letters.values().take(limit).cloned().collect())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(self.lock(P::NAME).await.rows.get(key).cloned())
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        let rows = self.lock(P::NAME).await.rows.clone().into_iter();
        Ok(rows.filter(|(key, _)| after.is_none_or(|after| key.as_str() > after)).take(limit).collect())
    }
}
