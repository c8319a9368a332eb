//! The plants of the view database.

use event_sourcing::{
    feed::Offset,
    prelude::PostgresRepository,
    projection::{FoldPlan, ViewProjection, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, ParkedAggregate, Repository, RepositoryError, Row,
    },
    sql::sqlx::PgPool,
    store::StreamId,
};

use super::{Plant, transaction};

/// A repository with a mistake.
#[derive(Clone)]
pub(crate) struct Careless {
    views: PostgresRepository,
    pool: PgPool,
    plant: Plant,
}

impl Careless {
    pub(crate) fn new(pool: &PgPool, plant: Plant) -> Self {
        Self { views: PostgresRepository::new(pool), pool: pool.clone(), plant }
    }

    /// Moves checkpoints from wherever they are.
    async fn apply_blindly<P: ViewProjection>(
        &self,
        projection: &P,
        batch: &Batch,
    ) -> Result<(), ApplyError> {
        loop {
            let mut batch = batch.clone();
            let streams: Vec<_> = batch.moves.iter().map(|one| one.stream.clone()).collect();
            let now = Repository::<P>::checkpoints(&self.views, &streams).await?;
            for (one, now) in batch.moves.iter_mut().zip(now) {
                one.expected = now;
            }
            match self.views.apply(projection, &batch).await {
                // Somebody moved one meanwhile: so what.
                Err(ApplyError::Moved { .. }) => {}
                other => return other,
            }
        }
    }
}

impl<P: ViewProjection> Repository<P, style::View> for Careless {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        Repository::<P>::prepare(&self.views).await
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        if self.plant == Plant::NoDedup {
            return Ok(vec![Checkpoint::default(); streams.len()]);
        }
        Repository::<P>::checkpoints(&self.views, streams).await
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        Repository::<P>::streams(&self.views, after, limit).await
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        Repository::<P>::offsets(&self.views).await
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        if matches!(self.plant, Plant::BlindCheckpoint | Plant::NoDedup) {
            return self.apply_blindly(projection, batch).await;
        }
        let plan = FoldPlan::new(projection, batch)?;
        let mut tx = transaction::Careless::begin(&self.pool, P::NAME, self.plant).await?;
        if self.plant == Plant::OffsetsFirst {
            tx.offsets_first(batch).await?;
        }
        plan.run(tx).await
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        Repository::<P>::parked(&self.views, limit).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        Repository::<P>::dead_letters(&self.views, limit).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Repository::<P>::get(&self.views, key).await
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        Repository::<P>::list(&self.views, after, limit).await
    }
}
