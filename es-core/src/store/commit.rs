use bytes::Bytes;
use std::{
    borrow::Cow,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

use crate::event::{Codec, CommandRecord, DecodeError, FrameBuilder, RawEvent, framing};

/// The longest id of an aggregate, in bytes of its text: databases limit the keys that it is a part of. Commands for longer
/// ones are refused.
pub const LONGEST_ID: usize = 32 << 10;

/// Which stream: an aggregate's category and id.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// The aggregate's category.
    pub category: Cow<'static, str>,
    /// The aggregate's id, as text.
    pub id: Arc<str>,
}

impl StreamId {
    /// The stream of aggregate `id` in `category`.
    pub fn new(category: impl Into<Cow<'static, str>>, id: impl Into<Arc<str>>) -> Self {
        Self { category: category.into(), id: id.into() }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.category, self.id)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}", self.category, self.id)
    }
}

/// Where a stream ends: an opaque token that only a load or an append gives out, so that nobody can skip
/// ahead and leave a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    sequence: u64,
    last_sequence: u64,
    commit_id: Uuid,
}

impl Version {
    /// Before the first commit.
    pub const EMPTY: Self = Self { sequence: 0, last_sequence: 0, commit_id: Uuid::nil() };

    /// The sequence of the last event, 0 for an empty stream.
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// The sequence of the first event of the last commit, 0 for an empty stream.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The last commit, `None` for an empty stream.
    pub fn commit_id(&self) -> Option<Uuid> {
        (self.last_sequence > 0).then_some(self.commit_id)
    }

    /// For stores: the version that a kept row says. Applications get theirs from a load or an append.
    pub fn from_stored(sequence: u64, last_sequence: u64, commit_id: Uuid) -> Self {
        Self { sequence, last_sequence, commit_id }
    }
}

/// One row of the store: one or more whole commands, atomic through the whole pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Whose.
    pub stream: StreamId,
    /// Of the first event, from 1.
    pub sequence: u64,
    /// Of the last event.
    pub last_sequence: u64,
    /// Names this commit.
    pub id: Uuid,
    /// The commit before it, `None` for the first: commits form a checked chain.
    pub parent: Option<Uuid>,
    /// By the writer's clock, in whole milliseconds.
    pub committed_at: SystemTime,
    /// How the events inside `events` are encoded.
    pub codec: Codec,
    /// The events, framed; see [`framing`].
    pub events: Bytes,
    /// The commands they came of, framed.
    pub metadata: Bytes,
}

impl Commit {
    /// The commit that follows `after`, made of what `frame` holds, with a new id and this machine's time.
    ///
    /// `frame` must hold at least one event.
    pub fn following(after: &Version, stream: StreamId, codec: Codec, frame: FrameBuilder) -> Self {
        let sequence = after.last_sequence + 1;
        let last_sequence = after.last_sequence + frame.event_count();
        let (events, metadata) = frame.finish();
        let committed_at = from_millis(to_millis(SystemTime::now()));
        let parent = after.commit_id();
        Self {
            stream,
            sequence,
            last_sequence,
            id: Uuid::now_v7(),
            parent,
            committed_at,
            codec,
            events,
            metadata,
        }
    }

    /// The version of the stream that ends with this commit.
    pub fn version(&self) -> Version {
        Version { sequence: self.sequence, last_sequence: self.last_sequence, commit_id: self.id }
    }

    /// The events inside, in order, not yet decoded; as many as the sequences say.
    pub fn raw_events(&self) -> Result<Vec<RawEvent<'_>>, DecodeError> {
        let events = framing::events(&self.events)?;
        self.check_count(events.len())?;
        Ok(events)
    }

    /// Whether [`Commit::raw_events`] and [`Commit::commands`] can be read, for who takes a commit from where it could be
    /// damaged. Allocates nothing.
    ///
    /// # Errors
    ///
    /// What they would answer.
    pub fn check(&self) -> Result<(), DecodeError> {
        self.check_count(framing::check_events(&self.events)?)?;
        framing::check_commands(&self.metadata)
    }

    fn check_count(&self, events: usize) -> Result<(), DecodeError> {
        let said = self.last_sequence.checked_sub(self.sequence).map(|n| n + 1);
        if said == Some(events as u64) {
            return Ok(());
        }
        let reason =
            format!("{events} events between sequences {} and {}", self.sequence, self.last_sequence);
        Err(DecodeError::Frame { reason })
    }

    /// The commands inside, in order, each with how many of the events are its.
    pub fn commands(&self) -> Result<Vec<CommandRecord>, DecodeError> {
        framing::commands(&self.metadata)
    }

    /// Bytes of events and metadata together, as limits count them.
    pub fn size(&self) -> usize {
        self.events.len() + self.metadata.len()
    }

    /// `committed_at` as milliseconds since the Unix epoch, as stores keep it.
    pub fn committed_at_millis(&self) -> i64 {
        to_millis(self.committed_at)
    }
}

/// Milliseconds since 1970, in which times are stored.
pub fn to_millis(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |n| -n),
    }
}

/// A time kept as milliseconds since the Unix epoch; one that the clock cannot hold becomes the epoch.
pub fn from_millis(millis: i64) -> SystemTime {
    let distance = Duration::from_millis(millis.unsigned_abs());
    let time = if millis < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}
