//! The repository.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use es_core::{
    feed::Offset,
    projection::ViewProjection,
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, MemoryRepository, ParkedAggregate, Repository,
        RepositoryError, Row,
    },
    store::StreamId,
};

use super::store::due;

/// A repository that fails as often as a test says.
#[derive(Clone, Default)]
pub struct Views {
    pub inner: MemoryRepository,
    /// Applies that fail and do nothing.
    pub failing: Arc<AtomicUsize>,
    /// Applies that are done, but say that they failed.
    pub silent: Arc<AtomicUsize>,
    /// Looks at what is parked that fail.
    pub failing_looks: Arc<AtomicUsize>,
    /// Whether it answers nobody who asks for checkpoints.
    pub hanging: Arc<AtomicBool>,
    pub applies: Arc<AtomicUsize>,
    /// While a test has it, nothing is applied.
    pub gate: Arc<tokio::sync::RwLock<()>>,
}

fn down() -> RepositoryError {
    RepositoryError::Unavailable("the database is down".into())
}

impl<P: ViewProjection> Repository<P> for Views {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        Repository::<P>::prepare(&self.inner).await
    }
    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        if self.hanging.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Repository::<P>::checkpoints(&self.inner, streams).await
    }
    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        Repository::<P>::streams(&self.inner, after, limit).await
    }
    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        Repository::<P>::offsets(&self.inner).await
    }
    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        self.applies.fetch_add(1, Ordering::SeqCst);
        let _pass = self.gate.read().await;
        if due(&self.failing) {
            return Err(down().into());
        }
        self.inner.apply(projection, batch).await?;
        if due(&self.silent) { Err(down().into()) } else { Ok(()) }
    }
    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        if due(&self.failing_looks) {
            return Err(down());
        }
        Repository::<P>::parked(&self.inner, limit).await
    }
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        Repository::<P>::dead_letters(&self.inner, limit).await
    }
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Repository::<P>::get(&self.inner, key).await
    }
    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        Repository::<P>::list(&self.inner, after, limit).await
    }
}
