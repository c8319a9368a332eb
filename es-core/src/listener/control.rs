//! Taking up what was set aside.

use tokio::{
    sync::mpsc,
    time::{Duration, Instant},
};
use uuid::Uuid;

use super::{ControlError, ListenerHandle};
use crate::{
    query::ReadToken,
    repository::{ApplyError, Batch, Checkpoint, DeadLetter, Move, RepositoryError},
    store::{ReadError, StreamId},
};

/// How long a parked aggregate that is taken up again may need.
const CONTROL_PATIENCE: Duration = Duration::from_secs(60);

/// What is given up.
struct Skipped {
    last_sequence: u64,
    commit_id: Option<Uuid>,
    /// What it follows, where that can be read.
    parent: Option<Option<Uuid>>,
    bytes: Vec<u8>,
}

impl ListenerHandle {
    /// Takes up a parked aggregate at the event that failed.
    pub(crate) async fn retry(&self, stream: &StreamId) -> Result<(), ControlError> {
        self.release(stream, |at| {
            let to = Checkpoint { parked: None, ..at.clone() };
            (to, Vec::new())
        })
        .await
    }

    /// Gives up the commit that failed and takes the aggregate up after it.
    pub(crate) async fn skip(&self, stream: &StreamId) -> Result<(), ControlError> {
        let at = self.checkpoint(stream).await?;
        let place = at.applied + 1;
        let skipped = self.at(stream, place).await?;
        if skipped.parent.is_some_and(|parent| parent != at.commit_id) {
            let (projection, stream) = (self.shared.projection, stream.clone());
            return Err(ControlError::Forked { projection, stream, sequence: at.applied });
        }
        self.release(stream, |at| {
            let error = at.parked.as_ref().map_or_else(String::new, |parked| parked.error.clone());
            let letter = DeadLetter {
                partition: format!("skipped:{stream}").into(),
                offset: place.cast_signed(),
                bytes: skipped.bytes.clone(),
                reason: format!("skipped by hand: {error}"),
            };
            // Parked at another place meanwhile: then this would jump over commits, and is refused below.
            let moves = at.applied + 1 == place;
            let applied = if moves { skipped.last_sequence } else { at.applied };
            let commit_id = if moves { skipped.commit_id } else { at.commit_id };
            (Checkpoint { applied, commit_id, parked: None }, if moves { vec![letter] } else { Vec::new() })
        })
        .await
    }

    /// What is to be skipped at a place: a commit, one that cannot be read, or none where the stream has lost one.
    /// Where it ended, and under which id, the next one tells, or the stream's head.
    async fn at(&self, stream: &StreamId, place: u64) -> Result<Skipped, ControlError> {
        let nothing = || ControlError::NothingToSkip { stream: stream.clone(), sequence: place - 1 };
        let first = match self.store.read(stream, place, 1).await {
            Ok(page) => Some(page.commits.into_iter().next().ok_or_else(nothing)?),
            Err(ReadError::Corrupt { sequence, .. }) if sequence == place => {
                self.store.read(stream, place + 1, 1).await?.commits.into_iter().next()
            }
            Err(error) => return Err(error.into()),
        };
        Ok(match first {
            Some(commit) if commit.sequence == place => Skipped {
                last_sequence: commit.last_sequence,
                commit_id: Some(commit.id),
                parent: Some(commit.parent),
                bytes: commit.events.to_vec(),
            },
            Some(next) => {
                let (last_sequence, commit_id) = (next.sequence - 1, next.parent);
                Skipped { last_sequence, commit_id, parent: None, bytes: Vec::new() }
            }
            None => {
                let head = self.store.head(stream).await?;
                let (last_sequence, commit_id) = (head.last_sequence(), head.commit_id());
                Skipped { last_sequence, commit_id, parent: None, bytes: Vec::new() }
            }
        })
    }

    async fn release(
        &self,
        stream: &StreamId,
        to: impl Fn(&Checkpoint) -> (Checkpoint, Vec<DeadLetter>),
    ) -> Result<(), ControlError> {
        let projection = self.shared.projection;
        let Ok(permit) = self.hints.reserve().await else { return Err(self.ended().await.into()) };
        // Whatever becomes of this call once the aggregate may be free, the listener looks at it: nobody else would.
        let hint = Hint { permit: Some(permit), stream };
        loop {
            let at = self.checkpoint(stream).await?;
            if at.parked.is_none() {
                // Set free by somebody who could not tell the listener any more: then it is done here.
                if at.applied < self.store.head(stream).await?.last_sequence() {
                    break;
                }
                return Err(ControlError::NotParked { projection, stream: stream.clone() });
            }
            let (to, dead_letters) = to(&at);
            let moves = vec![Move { stream: stream.clone(), expected: at, to, commits: Vec::new() }];
            match self.repository.apply(&Batch { moves, offsets: Vec::new(), dead_letters }).await {
                Ok(()) => break,
                Err(ApplyError::Moved { .. }) => {}
                Err(ApplyError::Superseded { .. }) => {
                    return Err(ControlError::Superseded { projection, stream: stream.clone() });
                }
                Err(ApplyError::Repository(error)) => return Err(error.into()),
                // It folds nothing.
                Err(ApplyError::Event { source, .. }) => {
                    return Err(RepositoryError::Unavailable(source).into());
                }
            }
        }
        drop(hint);
        let sequence = self.store.head(stream).await?.last_sequence();
        self.reach(&ReadToken { stream: stream.clone(), sequence }, Instant::now() + CONTROL_PATIENCE)
            .await?;
        match self.checkpoint(stream).await?.parked {
            None => Ok(()),
            Some(parked) => Err(ControlError::ParkedAgain { projection, stream: stream.clone(), parked }),
        }
    }
}

/// Has the listener look at an aggregate, when it is dropped.
struct Hint<'a> {
    permit: Option<mpsc::Permit<'a, StreamId>>,
    stream: &'a StreamId,
}

impl Drop for Hint<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.send(self.stream.clone());
        }
    }
}
