use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
};

use futures_util::future::poll_immediate;

use super::{LoadError, ids::CommandIds};
use crate::{
    aggregate::Aggregate,
    event::{DecodeError, EventSet, RawEvent},
    snapshot::Snapshot,
    store::{Commit, DynStore, ReadError, StreamForked, StreamId, Version, check_chain},
};

/// Commits asked for at once.
const PAGE: usize = 256;

/// An aggregate's state and where its stream ended when it was read.
#[non_exhaustive]
pub struct Loaded<A: Aggregate> {
    /// The state; the default one for a stream that is empty.
    pub state: A,
    /// The sequence of the last event in it, 0 for an empty stream.
    pub version: u64,
}

impl<A: Aggregate + std::fmt::Debug> std::fmt::Debug for Loaded<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("state", &self.state).field("version", &self.version).finish()
    }
}

/// What the command path knows of an aggregate: all acknowledged, nothing in flight.
pub(super) struct Live<A> {
    pub(super) state: A,
    pub(super) version: Version,
    pub(super) ids: CommandIds,
    pub(super) since_snapshot: u64,
}

impl<A: Aggregate> Live<A> {
    /// The state as the store has it now.
    pub(super) async fn load(store: &dyn DynStore, stream: &StreamId) -> Result<Self, LoadError> {
        let mut live = match from_snapshot::<A>(store, stream).await? {
            Some(live) => live,
            None => Self {
                state: A::default(),
                version: Version::EMPTY,
                ids: CommandIds::default(),
                since_snapshot: 0,
            },
        };
        live.read_tail(store, stream).await?;
        Ok(live)
    }

    /// Makes sure that the state was the stream's head at a moment after the call, and says whether it had to change for
    /// it. On an error the state is not to be used any more.
    pub(super) async fn catch_up(
        &mut self,
        store: &dyn DynStore,
        stream: &StreamId,
    ) -> Result<bool, LoadError> {
        // A read sees all that was acknowledged; the head also what is decided, and views may have shown.
        if store.head(stream).await? == self.version {
            return Ok(false);
        }
        self.read_tail(store, stream).await?;
        Ok(true)
    }

    /// Folds in what was committed since. On an error the state is not to be used any more.
    pub(super) async fn read_tail(
        &mut self,
        store: &dyn DynStore,
        stream: &StreamId,
    ) -> Result<(), LoadError> {
        // From the last known commit on, to see that it still is what we know.
        let mut page = store.read(stream, self.version.sequence().max(1), PAGE).await?;
        if self.version != Version::EMPTY {
            let known = page.commits.first().map(|c| c.version());
            if known != Some(self.version) {
                return Err(forked(stream, &self.version, known).into());
            }
            page.commits.remove(0);
            if page.commits.is_empty() && page.more {
                // Pages may end anywhere: this one had only what was known.
                page = store.read(stream, self.version.last_sequence() + 1, PAGE).await?;
            }
        }
        loop {
            check_chain(&self.version, &page.commits)?;
            let Some(last) = page.commits.last().filter(|_| page.more) else {
                return page.commits.iter().try_for_each(|commit| self.fold(commit));
            };
            // The next page is on its way while this one is folded.
            let mut next = pin!(store.read(stream, last.last_sequence + 1, PAGE));
            let early = poll_immediate(&mut next).await;
            page.commits.iter().try_for_each(|commit| self.fold(commit))?;
            page = match early {
                Some(next) => next?,
                None => next.await?,
            };
        }
    }

    fn fold(&mut self, commit: &Commit) -> Result<(), LoadError> {
        let broken = |sequence, source| LoadError::Decode { stream: commit.stream.clone(), sequence, source };
        let events = commit.raw_events().map_err(|e| broken(commit.sequence, e))?;
        for (sequence, raw) in (commit.sequence..).zip(events) {
            let event = decode(commit, sequence, raw)?;
            apply(&mut self.state, std::slice::from_ref(&event)).map_err(|message| {
                LoadError::ApplyPanicked { stream: commit.stream.clone(), sequence, message }
            })?;
        }
        for command in commit.commands().map_err(|e| broken(commit.sequence, e))? {
            self.ids.insert(command.id, commit.sequence);
        }
        self.since_snapshot += commit.last_sequence + 1 - commit.sequence;
        self.version = commit.version();
        Ok(())
    }

    /// A snapshot if one is due, to be encoded and saved off the command's path.
    pub(super) fn due_snapshot(
        &mut self,
        stream: &StreamId,
    ) -> Option<impl FnOnce() -> Option<Snapshot> + Send + 'static> {
        let spec = A::SNAPSHOT?;
        if self.since_snapshot < spec.every {
            return None;
        }
        self.since_snapshot = 0;
        let state = catch_unwind(AssertUnwindSafe(|| self.state.fork())).ok()?;
        let (stream, version, ids) = (stream.clone(), self.version, self.ids.clone());
        Some(move || {
            let mut bytes = Vec::new();
            if let Err(error) = (spec.encode)(&state, &mut bytes) {
                tracing::warn!(%stream, %error, "the state cannot be kept as a snapshot; loads read the whole stream");
                return None;
            }
            let (state, command_ids) = (bytes.into(), ids.encode().into());
            Some(Snapshot { stream, version, fingerprint: spec.fingerprint, state, command_ids })
        })
    }
}

async fn from_snapshot<A: Aggregate>(
    store: &dyn DynStore,
    stream: &StreamId,
) -> Result<Option<Live<A>>, ReadError> {
    let Some(spec) = A::SNAPSHOT else { return Ok(None) };
    let snapshot = match store.load_snapshot(stream, spec.fingerprint).await {
        Ok(Some(snapshot)) => snapshot,
        Ok(None) => return Ok(None),
        Err(ReadError::Corrupt { reason, .. }) => {
            tracing::warn!(%stream, reason, "a snapshot cannot be read; the whole stream is");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let state = catch_unwind(AssertUnwindSafe(|| (spec.decode)(&snapshot.state)))
        .unwrap_or_else(|panic| Err(crate::panic_message(&*panic)));
    match (state, CommandIds::decode(&snapshot.command_ids)) {
        (Ok(state), Some(ids)) => Ok(Some(Live { state, version: snapshot.version, ids, since_snapshot: 0 })),
        (state, _) => {
            let reason = state.err().unwrap_or_else(|| "its command ids are of another format".to_owned());
            tracing::warn!(%stream, reason, "a snapshot cannot be read; the whole stream is");
            Ok(None)
        }
    }
}

fn forked(stream: &StreamId, known: &Version, found: Option<Version>) -> StreamForked {
    let reason = match found {
        Some(found) => {
            format!("commit {:?} was known there, {:?} is stored now", known.commit_id(), found.commit_id())
        }
        None => format!("commit {:?} was known there, nothing is stored now", known.commit_id()),
    };
    StreamForked { stream: stream.clone(), sequence: known.sequence(), reason }
}

/// Decodes an event of `commit`. Upcasters are code of users: when one panics, the event cannot be read.
pub(super) fn decode<E: EventSet>(commit: &Commit, sequence: u64, raw: RawEvent<'_>) -> Result<E, LoadError> {
    let RawEvent { name, version, payload } = raw;
    let codec = commit.codec;
    let decoded = catch_unwind(|| E::decode(name, version, codec, payload)).unwrap_or_else(|panic| {
        let reason = crate::panic_message(&*panic);
        Err(DecodeError::Malformed { name: name.to_owned(), version, codec, reason })
    });
    decoded.map_err(|source| LoadError::Decode { stream: commit.stream.clone(), sequence, source })
}

/// Applies events; the error is a panic's message, after which the state is not to be used any more.
pub(super) fn apply<A: Aggregate>(state: &mut A, events: &[A::Event]) -> Result<(), String> {
    let applied = catch_unwind(AssertUnwindSafe(|| {
        for event in events {
            state.apply_event(event);
        }
    }));
    applied.map_err(|panic| crate::panic_message(&*panic))
}
