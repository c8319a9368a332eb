use std::sync::Arc;

use super::{
    ApplyError, Batch, Checkpoint, DeadLetter, Generations, ParkedAggregate, Repository, RepositoryError,
    Row, TakeOver,
};
use crate::{BoxFuture, feed::Offset, projection::Projection, store::StreamId};

/// A projection with its [`Repository`] behind one pointer.
pub(crate) trait DynRepository: Send + Sync {
    fn prepare(&self) -> BoxFuture<'_, Result<(), RepositoryError>>;
    fn checkpoints<'a>(
        &'a self,
        streams: &'a [StreamId],
    ) -> BoxFuture<'a, Result<Vec<Checkpoint>, RepositoryError>>;
    fn streams<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StreamId>, RepositoryError>>;
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
    fn at_generation(&self, generation: u32) -> Option<Arc<dyn DynRepository>>;
    fn generations(&self) -> BoxFuture<'_, Result<Generations, RepositoryError>>;
    fn begin_filling(&self) -> BoxFuture<'_, Result<u32, RepositoryError>>;
    fn take_over(&self, generation: u32) -> BoxFuture<'_, Result<TakeOver, RepositoryError>>;
    fn prune(&self) -> BoxFuture<'_, Result<(), RepositoryError>>;
}

pub(crate) struct Erased<P, R> {
    pub(crate) projection: Arc<P>,
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
    fn streams<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StreamId>, RepositoryError>> {
        Box::pin(self.repository.streams(after, limit))
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
    fn at_generation(&self, generation: u32) -> Option<Arc<dyn DynRepository>> {
        let repository = self.repository.at_generation(generation)?;
        Some(Arc::new(Self { projection: self.projection.clone(), repository }))
    }
    fn generations(&self) -> BoxFuture<'_, Result<Generations, RepositoryError>> {
        Box::pin(self.repository.generations())
    }
    fn begin_filling(&self) -> BoxFuture<'_, Result<u32, RepositoryError>> {
        Box::pin(self.repository.begin_filling())
    }
    fn take_over(&self, generation: u32) -> BoxFuture<'_, Result<TakeOver, RepositoryError>> {
        Box::pin(self.repository.take_over(generation))
    }
    fn prune(&self) -> BoxFuture<'_, Result<(), RepositoryError>> {
        Box::pin(self.repository.prune())
    }
}
