//! The repository's contract: view rows and checkpoints, saved together.

mod batch;
mod document;
mod erased;
mod error;
mod generation;
mod memory;
mod transaction;

pub use batch::{Batch, Checkpoint, DeadLetter, Move, Parked, ParkedAggregate};
pub use document::{Document, DocumentRepository};
pub(crate) use erased::{DynRepository, Erased};
pub use error::{ApplyError, RepositoryError};
pub use generation::{Generations, TakeOver};
pub use memory::MemoryRepository;
pub use transaction::ViewTransaction;

use std::future::Future;

use crate::{feed::Offset, projection::Projection, store::StreamId};

/// A view row: its key and its JSON.
pub type Row = (String, Vec<u8>);

/// Where a projection's view rows, checkpoints and offsets live: any database.
///
/// `Style` is the projection's ([`crate::projection::style`]). A database with multi-row transactions
/// implements [`Repository::apply`] with a [`crate::projection::FoldPlan`] and a [`ViewTransaction`]; one without
/// implements [`DocumentRepository`], which makes it a repository of those projections that it can keep.
///
/// One repository may serve several projections: everything it keeps is found by the projection's name.
/// Dropping a returned future must leave either all of a batch or nothing; with documents, of each move.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a repository for the views of `{P}`",
    label = "cannot keep the views of `{P}`",
    note = "write `.projection({P}, SqlRepository::sqlite(&pool))`, or `.projection({P}, MemoryRepository::new())` for tests",
    note = "a database without transactions (`CassandraRepository`, or any other `DocumentRepository`) keeps only views with a row for each aggregate, whose handlers have no `#[on(key = ..)]`"
)]
pub trait Repository<P: Projection, Style = <P as Projection>::Style>: Send + Sync + 'static {
    /// Makes ready what the projection needs (tables, say). Idempotent; called once at start.
    fn prepare(&self) -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// The checkpoints of `streams`, in their order; [`Checkpoint::default`] where there is none.
    fn checkpoints(
        &self,
        streams: &[StreamId],
    ) -> impl Future<Output = Result<Vec<Checkpoint>, RepositoryError>> + Send;

    /// Streams that have a checkpoint, parked ones too, after the place of `after`, which need not have one, at most
    /// `limit`; an empty page is the end.
    ///
    /// Any order will do that has a place for every stream and never changes.
    fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StreamId>, RepositoryError>> + Send;

    /// The saved offsets.
    fn offsets(&self) -> impl Future<Output = Result<Vec<Offset>, RepositoryError>> + Send;

    /// Applies a batch: all of it, or nothing ([`DocumentRepository`]: or some of its moves, and not its offsets).
    ///
    /// Each move first advances its checkpoint from `expected`; one that is elsewhere by now refuses the
    /// batch with [`ApplyError::Moved`]. Then the commits' events are folded into their rows, which stay
    /// locked until the end, and offsets and dead letters are saved.
    fn apply(&self, projection: &P, batch: &Batch) -> impl Future<Output = Result<(), ApplyError>> + Send;

    /// The parked aggregates, at most `limit`, in an order of the repository's own.
    fn parked(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ParkedAggregate>, RepositoryError>> + Send;

    /// The dead letters, oldest first, at most `limit`.
    fn dead_letters(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, RepositoryError>> + Send;

    /// One view row.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, RepositoryError>> + Send;

    /// View rows after the key `after`, which need not exist, at most `limit`.
    ///
    /// Databases with transactions list by the bytes of their keys; a [`DocumentRepository`] has an order of its own.
    fn list(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, RepositoryError>> + Send;

    /// The same repository for another generation of the views: all methods above read and write that one. `None`
    /// where it keeps only one, so that views cannot be rebuilt while they serve; the four methods below are then
    /// never called.
    ///
    /// [`Repository::apply`] to a generation that is neither served nor filled is [`ApplyError::Superseded`],
    /// decided in the batch's own transaction.
    fn at_generation(&self, generation: u32) -> Option<Self>
    where
        Self: Sized,
    {
        let _ = generation;
        None
    }

    /// Which generations there are.
    fn generations(&self) -> impl Future<Output = Result<Generations, RepositoryError>> + Send {
        async { Ok(Generations::default()) }
    }

    /// Begins a new, empty generation, which is filled from now on, and gives up one that was. Deletes what belongs
    /// to generations that neither serve nor served just before.
    fn begin_filling(&self) -> impl Future<Output = Result<u32, RepositoryError>> + Send {
        async { Ok(0) }
    }

    /// Serves from `generation` if it is the one that is filled, and no aggregate's checkpoint in it is behind
    /// that in the one that serves now; in one transaction, so that no read steps back. Asked again, after an answer
    /// that was lost for example, the one that serves says that it does.
    ///
    /// The dead letters of the one that serves now are kept in `generation`, too, because the feed may not bring those
    /// records again; but for those whose partition begins with `skipped:`, which an operator has skipped in these rows.
    fn take_over(&self, generation: u32) -> impl Future<Output = Result<TakeOver, RepositoryError>> + Send {
        let _ = generation;
        async { Ok(TakeOver::Superseded) }
    }

    /// Deletes what belongs to generations that are neither served nor filled.
    fn prune(&self) -> impl Future<Output = Result<(), RepositoryError>> + Send {
        async { Ok(()) }
    }
}
