//! One open transaction.

use es_core::repository::{ApplyError, Batch, Move, RepositoryError, Row, ViewTransaction};

use super::{checkpoint, generation, offset, row, unavailable};
use crate::{
    postgres::session::{Open, Session},
    space::Space,
};

pub(super) struct Transaction<'s> {
    pub(super) open: Open<'s>,
    space: Space,
    /// Whether a move has shown that the generation is written to.
    moved: bool,
}

impl<'s> Transaction<'s> {
    pub(super) async fn begin(session: &'s mut Session, space: Space) -> Result<Self, sqlx::Error> {
        Ok(Self { open: session.begin_level("READ COMMITTED").await?, space, moved: false })
    }

    /// For statements that are not ours: what they have read must not change before they write.
    pub(super) async fn begin_repeatable(
        session: &'s mut Session,
        space: Space,
    ) -> Result<Self, sqlx::Error> {
        Ok(Self { open: session.begin_level("REPEATABLE READ").await?, space, moved: false })
    }

    /// A statement of its own, for batches that move nothing.
    async fn ask_the_fence(&mut self) -> Result<(), ApplyError> {
        let (connection, clock) = self.open.parts();
        let asked = generation::is_written(connection, &self.space);
        match clock.within("asking for the generation", asked).await.map_err(unavailable)? {
            true => Ok(()),
            false => Err(self.space.superseded()),
        }
    }
}

impl ViewTransaction for Transaction<'_> {
    async fn move_checkpoints(&mut self, moves: &[Move]) -> Result<Vec<usize>, ApplyError> {
        let (connection, clock) = self.open.parts();
        let moved = checkpoint::advance(connection, &self.space, moves);
        let elsewhere = clock.within("moving checkpoints", moved).await.map_err(unavailable)?;
        self.moved = elsewhere.len() < moves.len();
        if !self.moved {
            self.ask_the_fence().await?;
        }
        Ok(elsewhere)
    }

    async fn lock_rows(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, RepositoryError> {
        let (connection, clock) = self.open.parts();
        let locked = row::lock(connection, &self.space, keys);
        clock.within("locking and reading rows", locked).await.map_err(unavailable)
    }

    async fn save_rows(&mut self, rows: &[Row]) -> Result<(), RepositoryError> {
        let (connection, clock) = self.open.parts();
        let saved = row::save(connection, &self.space, rows);
        clock.within("saving rows", saved).await.map_err(unavailable)
    }

    async fn save_offsets(&mut self, batch: &Batch) -> Result<(), ApplyError> {
        if !self.moved {
            self.ask_the_fence().await?;
        }
        let (connection, clock) = self.open.parts();
        let saved = offset::save(connection, &self.space, batch);
        Ok(clock.within("saving offsets", saved).await.map_err(unavailable)?)
    }

    async fn commit(self) -> Result<(), RepositoryError> {
        self.open.commit().await.map_err(unavailable)
    }
}
