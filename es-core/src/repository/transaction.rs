use std::future::Future;

use super::{ApplyError, Batch, Move, RepositoryError, Row};

/// One open transaction of a view database, as [`crate::projection::FoldPlan::run`] uses it. Dropped without
/// [`ViewTransaction::commit`] it must roll back.
///
/// Where the repository keeps generations, it looks once whether the transaction's is still written to, at the latest
/// before a commit, and answers [`ApplyError::Superseded`] if not.
pub trait ViewTransaction: Send {
    /// Moves each checkpoint from `expected` to `to`. Returns the indices of those that were elsewhere.
    fn move_checkpoints(
        &mut self,
        moves: &[Move],
    ) -> impl Future<Output = Result<Vec<usize>, ApplyError>> + Send;

    /// Makes sure no one else changes these rows until the end, also those that do not exist yet, and reads
    /// them, in the order of `keys`, which is ascending without repetitions.
    fn lock_rows(
        &mut self,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, RepositoryError>> + Send;

    /// Writes rows that [`ViewTransaction::lock_rows`] locked.
    fn save_rows(&mut self, rows: &[Row]) -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// Saves the batch's offsets, unless a later one is saved, and its dead letters. Called for every batch, after
    /// everything else.
    fn save_offsets(&mut self, batch: &Batch) -> impl Future<Output = Result<(), ApplyError>> + Send;

    /// Makes it durable.
    fn commit(self) -> impl Future<Output = Result<(), RepositoryError>> + Send;
}
