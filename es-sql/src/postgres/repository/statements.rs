//! Projections with statements of their own.

use std::time::Duration;

use es_core::{
    feed::Offset,
    projection::{decode_events, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, ParkedAggregate, Repository, RepositoryError, Row,
    },
    store::StreamId,
};
use sqlx::{Executor, PgConnection, Postgres};

use super::{PostgresRepository, checkpoint, offset, transaction::Transaction, unavailable};
use crate::{
    SqlProjection,
    postgres::schema,
    statements::{self, Statements},
};

/// How many times a batch that meets others is done, before the listener waits for a while.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(2);

/// The checkpoints, offsets and dead letters are where those of views are; the rows are the projection's own, so that
/// there is one generation of them.
impl<P: SqlProjection<Postgres>> Repository<P, style::Sql> for PostgresRepository {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        let mut tx = self.pool(P::NAME).await?.begin().await.map_err(unavailable)?;
        schema::lock(&mut tx).await.map_err(unavailable)?;
        P::prepare(&mut tx).await.map_err(unavailable)?;
        tx.commit().await.map_err(unavailable)
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        checkpoint::read(self.pool(P::NAME).await?, &self.space(P::NAME), streams).await
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        let pool = self.pool(P::NAME).await?;
        checkpoint::streams(pool, &self.space(P::NAME), after, limit).await.map_err(unavailable)
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        offset::read(self.pool(P::NAME).await?, &self.space(P::NAME)).await.map_err(unavailable)
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let events = decode_events::<P, P::Event>(batch)?;
        let pool = self.pool(P::NAME).await?;
        let mut attempts = 0;
        loop {
            let tx = Transaction::begin_repeatable(pool, self.space(P::NAME)).await.map_err(unavailable)?;
            match statements::run(projection, batch, &events, tx).await {
                Err(error) if attempts < ATTEMPTS && statements::is_retryable(&error) => {
                    attempts += 1;
                    tracing::debug!(projection = P::NAME, %error, attempts, "the batch is done again");
                    tokio::time::sleep(PAUSE * attempts).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        checkpoint::parked(self.pool(P::NAME).await?, &self.space(P::NAME), limit).await.map_err(unavailable)
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        offset::dead_letters(self.pool(P::NAME).await?, &self.space(P::NAME), limit)
            .await
            .map_err(unavailable)
    }

    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(None)
    }

    async fn list(&self, _: Option<&str>, _: usize) -> Result<Vec<Row>, RepositoryError> {
        Ok(Vec::new())
    }
}

impl Statements for Transaction {
    type Db = Postgres;

    fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// After a statement that failed, PostgreSQL takes none, and rolls back at COMMIT without an error.
    async fn check(&mut self) -> Result<(), sqlx::Error> {
        self.tx.execute("SELECT").await.map(drop)
    }
}
