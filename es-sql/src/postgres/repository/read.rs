//! What is read without a transaction, for projections of both styles.

use es_core::{
    feed::Offset,
    repository::{Checkpoint, DeadLetter, ParkedAggregate, RepositoryError},
    store::StreamId,
};

use super::{PostgresRepository, checkpoint, offset, unavailable};
use crate::postgres::session::Session;

impl PostgresRepository {
    pub(super) async fn session(&self, projection: &'static str) -> Result<Session, RepositoryError> {
        self.sessions(projection).await?.session().await.map_err(unavailable)
    }

    pub(super) async fn read_checkpoints(
        &self,
        projection: &'static str,
        streams: &[StreamId],
    ) -> Result<Vec<Checkpoint>, RepositoryError> {
        let (space, mut session) = (self.space(projection), self.session(projection).await?);
        let (connection, mut clock) = session.parts();
        let read = checkpoint::read(connection, &space, streams);
        clock.within("reading checkpoints", read).await.map_err(unavailable)
    }

    pub(super) async fn read_streams(
        &self,
        projection: &'static str,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        let (space, mut session) = (self.space(projection), self.session(projection).await?);
        let (connection, mut clock) = session.parts();
        let read = checkpoint::streams(connection, &space, after, limit);
        clock.within("listing streams", read).await.map_err(unavailable)
    }

    pub(super) async fn read_offsets(
        &self,
        projection: &'static str,
    ) -> Result<Vec<Offset>, RepositoryError> {
        let (space, mut session) = (self.space(projection), self.session(projection).await?);
        let (connection, mut clock) = session.parts();
        clock.within("reading offsets", offset::read(connection, &space)).await.map_err(unavailable)
    }

    pub(super) async fn read_parked(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        let (space, mut session) = (self.space(projection), self.session(projection).await?);
        let (connection, mut clock) = session.parts();
        let read = checkpoint::parked(connection, &space, limit);
        clock.within("listing parked aggregates", read).await.map_err(unavailable)
    }

    pub(super) async fn read_dead_letters(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, RepositoryError> {
        let (space, mut session) = (self.space(projection), self.session(projection).await?);
        let (connection, mut clock) = session.parts();
        let read = offset::dead_letters(connection, &space, limit);
        clock.within("listing dead letters", read).await.map_err(unavailable)
    }
}
