//! The small domain that the suites use: an event, streams of it, and three projections.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

use crate::{
    event::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet, FrameBuilder, Metadata, RawEvent},
    projection::{Projection, Subscribed, ViewProjection, keying, style},
    store::{BoxError, Commit, StreamId, Version},
};

/// The category of the suites' streams.
pub(super) const CATEGORY: &str = "conformance";
/// A category that nobody subscribes to.
pub(super) const ELSEWHERE: &str = "elsewhere";

/// The suites' one event: add `amount` to the row `key`. [`i64::MIN`] makes the fold fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The row of [`Totals`].
    pub key: String,
    /// How much.
    pub amount: i64,
}

impl Note {
    pub(super) fn new(key: impl Into<String>, amount: i64) -> Self {
        Self { key: key.into(), amount }
    }
}

impl EventSet for Note {
    fn name(&self) -> &'static str {
        "conformance.note"
    }
    fn version(&self) -> u32 {
        1
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        codec.encode(self, out)
    }
    fn decode(name: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        codec.decode(bytes).map_err(|reason| DecodeError::Malformed {
            name: name.to_owned(),
            version,
            codec,
            reason,
        })
    }
}

/// The suites' stream of that id.
pub(super) fn stream(id: &str) -> StreamId {
    StreamId::new(CATEGORY, id)
}

/// A commit of `notes` after `after`.
pub(super) fn commit(after: &Version, stream: &StreamId, notes: &[Note]) -> Arc<Commit> {
    Arc::new(commit_in(Codec::Json, after, stream, notes, &CommandMetadata::default()))
}

pub(super) fn commit_in(
    codec: Codec,
    after: &Version,
    stream: &StreamId,
    notes: &[Note],
    metadata: &CommandMetadata,
) -> Commit {
    let mut frame = FrameBuilder::new(codec);
    frame.push(Uuid::now_v7(), metadata, notes).expect("notes can be encoded");
    Commit::following(after, stream.clone(), codec, frame)
}

/// A commit of one event that adds one.
pub(super) fn one(after: &Version, stream: &StreamId) -> Arc<Commit> {
    commit(after, stream, &[Note::new("one", 1)])
}

/// A chain of `lengths.len()` commits of so many events each, from the beginning.
pub(super) fn chain(stream: &StreamId, lengths: impl IntoIterator<Item = usize>) -> Vec<Arc<Commit>> {
    let mut at = Version::EMPTY;
    let next = |length| {
        let next = commit(&at, stream, &vec![Note::new("one", 1); length]);
        at = next.version();
        next
    };
    lengths.into_iter().map(next).collect()
}

/// A commit of one event whose size is exactly `bytes`.
pub(super) fn commit_of_size(after: &Version, stream: &StreamId, bytes: usize) -> Arc<Commit> {
    let sized = |length| commit(after, stream, &[Note::new("x".repeat(length), 1)]);
    let besides = sized(0).size();
    let sized = sized(bytes.checked_sub(besides).expect("room for the frame"));
    assert_eq!(sized.size(), bytes);
    sized
}

/// Texts that trip up who trims, folds case, normalizes, ends at NUL, or escapes too little.
pub(super) fn odd_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "a",
        "A",
        "a ",
        " a",
        "a\0",
        "a\0b",
        "a\0c",
        "\0",
        "\0\0",
        "0",
        "00",
        "null",
        "%",
        "_",
        "a%",
        "'",
        "\"",
        "\\",
        "a/b",
        "a|b",
        "a\nb",
        "\t",
        "\u{e9}",
        "e\u{301}",
        "ß",
        "ss",
        "İ",
        "日本語",
        "🦀",
        "\u{feff}a",
        "\u{10ffff}",
        "\u{7f}",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(10 << 10));
    texts.push("x".repeat((10 << 10) - 1) + "y");
    texts
}

/// A row of the suites' projections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many events.
    pub count: u64,
    /// The sum of their amounts.
    pub sum: i64,
}

impl Tally {
    fn add(&mut self, note: &Note) -> Result<(), BoxError> {
        if note.amount == i64::MIN {
            return Err("a note that no row takes".into());
        }
        self.count += 1;
        self.sum += note.amount;
        Ok(())
    }
}

macro_rules! projection {
    ($(#[$doc:meta])* $name:ident $stored:literal $keying:ty, $($key:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Projection for $name {
            type Style = style::View;
            const NAME: &'static str = $stored;
            const SUBSCRIPTIONS: &'static [Subscribed] = &[Subscribed { name: "conformance.note", version: 1 }];
        }

        impl ViewProjection for $name {
            type View = Tally;
            type Key = str;
            type Keying = $keying;
            type Input = Note;
            const USES_METADATA: bool = false;

            fn decode(&self, event: &RawEvent<'_>, codec: Codec) -> Result<Option<Note>, DecodeError> {
                Note::decode(event.name, event.version, codec, event.payload).map(Some)
            }

            $($key)*

            fn fold(&self, view: &mut Tally, note: &Note, _: &Metadata) -> Result<(), BoxError> {
                view.add(note)
            }
        }
    };
}

projection! {
    /// A row for each aggregate.
    Counts "conformance-counts" keying::ByAggregate,
}
projection! {
    /// The same under another name.
    Mirror "conformance-mirror" keying::ByAggregate,
}
projection! {
    /// A row for each key in the events.
    Totals "conformance-totals" keying::ByKey,
    fn key(&self, note: &Note, _: &Metadata, out: &mut String) {
        out.push_str(&note.key);
    }
}
