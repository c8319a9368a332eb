//! Projections with statements of their own.

use es_core::{
    feed::Offset,
    projection::{decode_events, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, ParkedAggregate, Repository, RepositoryError, Row,
    },
    store::StreamId,
};
use sqlx::{Connection, Sqlite, SqliteConnection};

use super::{
    SqlRepository, checkpoint, offset,
    transaction::{Transaction, Writing},
    unavailable,
};
use crate::{
    SqlProjection,
    statements::{self, Statements},
};

/// The checkpoints, offsets and dead letters are where those of views are; the rows are the projection's own, so that
/// there is one generation of them.
impl<P: SqlProjection<Sqlite>> Repository<P, style::Sql> for SqlRepository {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        let gate = self.gate().await?;
        let mut writing = Writing::begin(&self.inner.pool, gate).await?;
        P::prepare(&mut writing.tx).await.map_err(unavailable)?;
        writing.commit().await
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        self.gate().await?;
        checkpoint::read(&self.inner.pool, &self.space(P::NAME), streams).await
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        self.gate().await?;
        checkpoint::streams(&self.inner.pool, &self.space(P::NAME), after, limit).await.map_err(unavailable)
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        self.gate().await?;
        offset::read(&self.inner.pool, &self.space(P::NAME)).await
    }

    /// One writer at a time: nothing that handlers read changes under them.
    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let events = decode_events::<P, P::Event>(batch)?;
        let gate = self.gate().await?;
        let tx = Transaction::begin(&self.inner.pool, gate, self.space(P::NAME)).await?;
        statements::run(projection, batch, &events, tx).await
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        self.gate().await?;
        checkpoint::parked(&self.inner.pool, &self.space(P::NAME), limit).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        self.gate().await?;
        offset::dead_letters(&self.inner.pool, &self.space(P::NAME), limit).await
    }

    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(None)
    }

    async fn list(&self, _: Option<&str>, _: usize) -> Result<Vec<Row>, RepositoryError> {
        Ok(Vec::new())
    }
}

impl Statements for Transaction {
    type Db = Sqlite;

    fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.writing.tx
    }

    /// After a statement that failed, SQLite takes others; the one that failed has done nothing.
    async fn check(&mut self) -> Result<(), sqlx::Error> {
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), sqlx::Error> {
        self.writing.tx.ping().await
    }
}
