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
use sqlx::{Connection, Executor, PgConnection, Postgres};

use super::{PostgresRepository, transaction::Transaction, unavailable};
use crate::{
    SqlProjection,
    blame::is_retryable,
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
        let mut session = self.session(P::NAME).await?;
        let mut open = session.begin("BEGIN").await.map_err(unavailable)?;
        let (connection, clock) = open.parts();
        clock.be_patient();
        let prepared = async {
            schema::lock(&mut *connection).await?;
            P::prepare(connection).await
        };
        clock.within("making the projection's tables ready", prepared).await.map_err(unavailable)?;
        open.commit().await.map_err(unavailable)
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        self.read_checkpoints(P::NAME, streams).await
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        self.read_streams(P::NAME, after, limit).await
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        self.read_offsets(P::NAME).await
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let events = decode_events::<P, P::Event>(batch)?;
        let mut attempts = 0;
        loop {
            let (space, mut session) = (self.space(P::NAME), self.session(P::NAME).await?);
            let tx = Transaction::begin_repeatable(&mut session, space).await.map_err(unavailable)?;
            match statements::run(projection, batch, &events, tx).await {
                Err(error) if attempts < ATTEMPTS && is_retryable(&error) => {
                    attempts += 1;
                    tracing::debug!(projection = P::NAME, %error, attempts, "the batch is done again");
                    drop(session);
                    tokio::time::sleep(PAUSE * attempts).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        self.read_parked(P::NAME, limit).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        self.read_dead_letters(P::NAME, limit).await
    }

    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(None)
    }

    async fn list(&self, _: Option<&str>, _: usize) -> Result<Vec<Row>, RepositoryError> {
        Ok(Vec::new())
    }
}

impl Statements for Transaction<'_> {
    type Db = Postgres;

    fn connection(&mut self) -> &mut PgConnection {
        self.open.parts().0
    }

    /// After a statement that failed, PostgreSQL takes none, and rolls back at COMMIT without an error.
    async fn check(&mut self) -> Result<(), sqlx::Error> {
        let (connection, clock) = self.open.parts();
        clock.within("a look at the transaction", connection.execute("SELECT")).await.map(drop)
    }

    async fn ping(&mut self) -> Result<(), sqlx::Error> {
        let (connection, clock) = self.open.parts();
        clock.within("a look at the connection", connection.ping()).await
    }

    fn limit(&mut self) -> Option<Duration> {
        Some(self.open.parts().1.limit())
    }

    fn give_up(&mut self) {
        self.open.parts().1.give_up();
    }
}
