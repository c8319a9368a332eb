//! See [`Plant::BlindCheckpoint`](super::Plant::BlindCheckpoint).

use event_sourcing::{
    feed::Offset,
    prelude::PostgresRepository,
    projection::{ViewProjection, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, ParkedAggregate, Repository, RepositoryError, Row,
    },
    store::StreamId,
};

/// A repository that believes every listener.
#[derive(Clone)]
pub(crate) struct Blind(pub(crate) PostgresRepository);

impl<P: ViewProjection> Repository<P, style::View> for Blind {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        Repository::<P>::prepare(&self.0).await
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        Repository::<P>::checkpoints(&self.0, streams).await
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        Repository::<P>::offsets(&self.0).await
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        loop {
            let mut batch = batch.clone();
            let streams: Vec<_> = batch.moves.iter().map(|one| one.stream.clone()).collect();
            let now = Repository::<P>::checkpoints(&self.0, &streams).await?;
            for (one, now) in batch.moves.iter_mut().zip(now) {
                one.expected = now;
            }
            match self.0.apply(projection, &batch).await {
                // Somebody moved one meanwhile: so what.
                Err(ApplyError::Moved { .. }) => {}
                other => return other,
            }
        }
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        Repository::<P>::parked(&self.0, limit).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        Repository::<P>::dead_letters(&self.0, limit).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Repository::<P>::get(&self.0, key).await
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        Repository::<P>::list(&self.0, after, limit).await
    }
}
