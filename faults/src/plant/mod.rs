//! Mistakes on purpose, made around the library: a run with one of them has to end with violations.

mod feed;
mod raw;
mod repository;
mod store;
mod transaction;

pub(crate) use feed::Lossy;
pub(crate) use repository::Careless as CarelessRepository;
pub(crate) use store::Careless as CarelessStore;

/// Which mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// A store that says that a commit is stored when it was sent.
    AcknowledgedWhenSent,
    /// A store that inserts without a lightweight transaction.
    PlainInsert,
    /// A store of which one process puts commits into buckets of another size.
    SecondBucketSize,
    /// A store that waits for a moment, looks, finds nothing, and says that nothing was stored.
    AbsentIsFailure,
    /// A store that says of a stream's end what it last saw there, and misses what others have written since: refusals
    /// are decided on what the cache has.
    StaleTail,
    /// A sender that takes an unknown outcome for a failure, and sends the command again under another id.
    UnknownIsFailure,
    /// A feed that loses records, and says that it is complete, so that nothing is verified.
    NoVerify,
    /// A feed that loses records, and a listener that finds nothing when it looks for them in the store.
    NoGapFetch,
    /// A repository that moves checkpoints from wherever they are.
    BlindCheckpoint,
    /// The same, which has also forgotten what it has applied: what comes twice is applied twice.
    NoDedup,
    /// A repository that commits checkpoints before the rows, in a transaction of their own.
    CheckpointApart,
    /// A repository that commits offsets before the rows, and a feed that says that it is complete.
    OffsetsFirst,
    /// A repository that reads rows without locking them.
    UnlockedRow,
}

use Plant::{
    AbsentIsFailure, AcknowledgedWhenSent, BlindCheckpoint, CheckpointApart, NoDedup, NoGapFetch, NoVerify,
    OffsetsFirst, PlainInsert, SecondBucketSize, StaleTail, UnknownIsFailure, UnlockedRow,
};

/// By their names on the command line.
const ALL: [(&str, Plant); 13] = [
    ("acknowledged-when-sent", AcknowledgedWhenSent),
    ("plain-insert", PlainInsert),
    ("second-bucket-size", SecondBucketSize),
    ("absent-is-failure", AbsentIsFailure),
    ("stale-tail", StaleTail),
    ("unknown-is-failure", UnknownIsFailure),
    ("no-verify", NoVerify),
    ("no-gap-fetch", NoGapFetch),
    ("blind-checkpoint", BlindCheckpoint),
    ("no-dedup", NoDedup),
    ("checkpoint-apart", CheckpointApart),
    ("offsets-first", OffsetsFirst),
    ("unlocked-row", UnlockedRow),
];

impl Plant {
    pub(crate) fn names() -> Vec<&'static str> {
        ALL.iter().map(|(name, _)| *name).collect()
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(known, _)| *known == name).map(|(_, plant)| *plant)
    }

    /// Whether it is one of the event store that commands go to. With several bucket sizes, the second process has
    /// the right one.
    pub(crate) fn is_of_store(self, process: &str) -> bool {
        match self {
            AcknowledgedWhenSent | PlainInsert | AbsentIsFailure | StaleTail => true,
            SecondBucketSize => process == "commands1",
            _ => false,
        }
    }

    /// Whether it is one of the repository.
    pub(crate) fn is_of_repository(self) -> bool {
        matches!(self, BlindCheckpoint | NoDedup | CheckpointApart | OffsetsFirst | UnlockedRow)
    }

    /// Whether its feed loses records.
    pub(crate) fn is_lossy(self) -> bool {
        matches!(self, NoVerify | NoGapFetch)
    }

    /// Whether its feed says that it never loses any.
    pub(crate) fn is_complete(self) -> bool {
        matches!(self, NoVerify | OffsetsFirst)
    }
}
