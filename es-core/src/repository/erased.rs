use super::{ApplyError, Batch, Checkpoint, DeadLetter, ParkedAggregate, Repository, RepositoryError, Row};
use crate::{BoxFuture, feed::Offset, projection::Projection, store::StreamId};

/// A projection with its [`Repository`] behind one pointer.
pub(crate) trait DynRepository: Send + Sync {
    fn prepare(&self) -> BoxFuture<'_, Result<(), RepositoryError>>;
    fn checkpoints<'a>(
        &'a self,
        streams: &'a [StreamId],
    ) -> BoxFuture<'a, Result<Vec<Checkpoint>, RepositoryError>>;
    fn offsets(&self) -> BoxFuture<'_, Result<Vec<Offset>, RepositoryError>>;
    fn apply<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<(), ApplyError>>;
    fn parked(&self, limit: usize) -> BoxFuture<'_, Result<Vec<ParkedAggregate>, RepositoryError>>;
    fn dead_letters(&self, limit: usize) -> BoxFuture<'_, Result<Vec<DeadLetter>, RepositoryError>>;
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, RepositoryError>>;
    fn list<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, RepositoryError>>;
}

pub(crate) struct Erased<P, R> {
    pub(crate) projection: P,
    pub(crate) repository: R,
}

impl<P: Projection, R: Repository<P>> DynRepository for Erased<P, R> {
    fn prepare(&self) -> BoxFuture<'_, Result<(), RepositoryError>> {
        Box::pin(self.repository.prepare())
    }
    fn checkpoints<'a>(
        &'a self,
        streams: &'a [StreamId],
    ) -> BoxFuture<'a, Result<Vec<Checkpoint>, RepositoryError>> {
        Box::pin(self.repository.checkpoints(streams))
    }
    fn offsets(&self) -> BoxFuture<'_, Result<Vec<Offset>, RepositoryError>> {
        Box::pin(self.repository.offsets())
    }
    fn apply<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(self.repository.apply(&self.projection, batch))
    }
    fn parked(&self, limit: usize) -> BoxFuture<'_, Result<Vec<ParkedAggregate>, RepositoryError>> {
        Box::pin(self.repository.parked(limit))
    }
    fn dead_letters(&self, limit: usize) -> BoxFuture<'_, Result<Vec<DeadLetter>, RepositoryError>> {
        Box::pin(self.repository.dead_letters(limit))
    }
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, RepositoryError>> {
        Box::pin(self.repository.get(key))
    }
    fn list<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, RepositoryError>> {
        Box::pin(self.repository.list(after, limit))
    }
}
