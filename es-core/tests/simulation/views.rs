//! A process' way to the view database.

use std::{sync::Arc, time::Duration};

use es_core::{
    feed::Offset,
    projection::ViewProjection,
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, Generations, MemoryRepository, Move, ParkedAggregate,
        Repository, RepositoryError, Row, TakeOver,
    },
    store::StreamId,
};
use tokio::time::sleep;

use super::{
    bank::number,
    host::{Down, Fate, Host},
    plant::Plant,
    world::Reach,
};

#[derive(Clone)]
pub struct SimViews {
    pub host: Arc<Host>,
    pub inner: MemoryRepository,
    pub generation: u32,
}

fn down(_: Down) -> RepositoryError {
    RepositoryError::Unavailable("the view database does not answer".into())
}

impl SimViews {
    pub fn new(host: &Arc<Host>) -> Self {
        Self { host: host.clone(), inner: host.world.rows.clone(), generation: 0 }
    }

    /// Where checkpoints and offsets are.
    fn places(&self) -> &MemoryRepository {
        if self.host.world.has(Plant::CheckpointApart) { &self.host.world.apart } else { &self.inner }
    }

    /// The moment in which a batch is applied.
    async fn take<P: ViewProjection>(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let world = &self.host.world;
        let mut batch = batch.clone();
        if world.has(Plant::BlindCheckpoint) {
            batch.moves = unfenced::<P>(&self.inner, batch.moves).await?;
        }
        if world.has(Plant::OffsetsFirst) && !batch.offsets.is_empty() {
            let offsets = std::mem::take(&mut batch.offsets);
            self.inner.apply(projection, &Batch { offsets, ..Batch::default() }).await?;
            sleep(Duration::from_millis(world.draw(|dice| dice.below(1500)))).await;
            self.host.alive().await;
        }
        if world.has(Plant::CheckpointApart) {
            let moves = unfenced::<P>(&self.inner, batch.moves.clone()).await?;
            self.inner.apply(projection, &Batch { moves, ..Batch::default() }).await?;
            self.host.way().await;
            batch.moves.iter_mut().for_each(|m| m.commits.clear());
            return world.apart.apply(projection, &batch).await;
        }
        self.inner.apply(projection, &batch).await
    }

    fn note_applied<P: ViewProjection>(&self, batch: &Batch, applied: &Result<(), ApplyError>) {
        let outcome = match applied {
            Ok(()) => "applied",
            Err(ApplyError::Moved { .. }) => "not applied: moved",
            Err(ApplyError::Event { .. }) => "not applied: an event",
            Err(ApplyError::Superseded { .. }) => "not applied: superseded",
            Err(_) => "not applied",
        };
        for Move { stream, to, .. } in &batch.moves {
            self.host.note_of(P::NAME, outcome, number(stream), to.applied);
        }
        for Offset { partition, offset } in &batch.offsets {
            self.host.note_of(P::NAME, "  and offset", partition.parse().unwrap(), offset.cast_unsigned());
        }
    }
}

/// The same moves from wherever the checkpoints are.
async fn unfenced<P: ViewProjection>(
    rows: &MemoryRepository,
    mut moves: Vec<Move>,
) -> Result<Vec<Move>, RepositoryError> {
    let streams: Vec<_> = moves.iter().map(|m| m.stream.clone()).collect();
    let places = Repository::<P>::checkpoints(rows, &streams).await?;
    moves.iter_mut().zip(places).for_each(|(m, place)| m.expected = place);
    Ok(moves)
}

impl<P: ViewProjection + Clone> Repository<P> for SimViews {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        self.host
            .look((Reach::Views, P::NAME), "prepare", 0, Repository::<P>::prepare(&self.inner))
            .await
            .map_err(down)?
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        let whom = streams.first().map_or(0, number);
        let found = self
            .host
            .look(
                (Reach::Views, P::NAME),
                "checkpoints",
                whom,
                Repository::<P>::checkpoints(self.places(), streams),
            )
            .await;
        let found = found.map_err(down)??;
        self.host.note_of(P::NAME, "of generation", self.generation.into(), 0);
        found.iter().for_each(|at| self.host.note_of(P::NAME, "checkpoint is", whom, at.applied));
        Ok(found)
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        let look = Repository::<P>::streams(self.places(), after, limit);
        self.host.look((Reach::Views, P::NAME), "streams", 0, look).await.map_err(down)?
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        self.host
            .look((Reach::Views, P::NAME), "offsets", 0, Repository::<P>::offsets(self.places()))
            .await
            .map_err(down)?
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let host = &self.host;
        host.alive().await;
        let whom = batch.moves.first().map_or(0, |m| number(&m.stream));
        host.note_of(P::NAME, "apply", whom, batch.moves.len() as u64);
        let fate = host.fate(Reach::Views);
        host.way().await;
        match fate {
            Fate::Answered => {
                let applied = self.take(projection, batch).await;
                self.note_applied::<P>(batch, &applied);
                host.way().await;
                applied
            }
            Fate::After => {
                let applied = self.take(projection, batch).await;
                self.note_applied::<P>(batch, &applied);
                host.way().await;
                Err(down(host.down(P::NAME, "apply", whom)).into())
            }
            Fate::Late => {
                let late = Duration::from_millis(host.world.draw(|dice| dice.between(1, 1500)));
                let (this, projection, batch) = (self.clone(), projection.clone(), batch.clone());
                tokio::spawn(async move {
                    sleep(late).await;
                    let applied = this.take(&projection, &batch).await;
                    this.note_applied::<P>(&batch, &applied);
                });
                Err(down(host.down(P::NAME, "apply", whom)).into())
            }
            Fate::Before => Err(down(host.down(P::NAME, "apply", whom)).into()),
            Fate::Hangs => host.hang().await.map_err(|error| down(error).into()),
        }
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        let look = Repository::<P>::parked(self.places(), limit);
        self.host.look((Reach::Views, P::NAME), "parked", 0, look).await.map_err(down)?
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        let look = Repository::<P>::dead_letters(self.places(), limit);
        self.host.look((Reach::Views, P::NAME), "dead letters", 0, look).await.map_err(down)?
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        let look = Repository::<P>::get(&self.inner, key);
        let found = self.host.look((Reach::Views, P::NAME), "get", 0, look).await.map_err(down)??;
        self.host.note_of(
            P::NAME,
            "found, of generation",
            u64::from(found.is_some()),
            self.generation.into(),
        );
        Ok(found)
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        self.host
            .look((Reach::Views, P::NAME), "list", 0, Repository::<P>::list(&self.inner, after, limit))
            .await
            .map_err(down)?
    }

    fn at_generation(&self, generation: u32) -> Option<Self> {
        let inner = Repository::<P>::at_generation(&self.inner, generation)?;
        Some(Self { host: self.host.clone(), inner, generation })
    }

    async fn generations(&self) -> Result<Generations, RepositoryError> {
        self.host
            .look((Reach::Views, P::NAME), "generations", 0, Repository::<P>::generations(&self.inner))
            .await
            .map_err(down)?
    }

    async fn begin_filling(&self) -> Result<u32, RepositoryError> {
        let begin = Repository::<P>::begin_filling(&self.inner);
        self.host.look((Reach::Views, P::NAME), "begin filling", 0, begin).await.map_err(down)?
    }

    async fn take_over(&self, generation: u32) -> Result<TakeOver, RepositoryError> {
        let host = &self.host;
        host.alive().await;
        host.note_of(P::NAME, "take over", 0, generation.into());
        let fate = host.fate(Reach::Views);
        host.way().await;
        if matches!(fate, Fate::Before | Fate::Hangs) {
            return Err(down(host.down(P::NAME, "take over", 0)));
        }
        let taken = Repository::<P>::take_over(&self.inner, generation).await?;
        host.note_of(P::NAME, "take over is", 0, u64::from(taken == TakeOver::Done));
        host.way().await;
        if fate == Fate::Answered { Ok(taken) } else { Err(down(host.down(P::NAME, "take over", 0))) }
    }

    async fn prune(&self) -> Result<(), RepositoryError> {
        self.host
            .look((Reach::Views, P::NAME), "prune", 0, Repository::<P>::prune(&self.inner))
            .await
            .map_err(down)?
    }
}
