//! Mistakes on purpose, made around the library: a run with one of them has to end with violations.

mod feed;
mod repository;
mod store;

pub(crate) use feed::Lossy;
pub(crate) use repository::Blind;
pub(crate) use store::Careless;

/// Which mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// A store that says that a commit is stored when it was sent.
    AcknowledgedWhenSent,
    /// A store whose reads of a stream's tail miss, at times, what others have just written.
    StaleTail,
    /// A sender that sends a command again under another id.
    AnotherId,
    /// A feed that loses records, and says that it is complete: as if offsets were saved before the views.
    LossyFeed,
    /// A repository that moves checkpoints from wherever they are.
    BlindCheckpoint,
}

/// By their names on the command line.
const ALL: [(&str, Plant); 5] = [
    ("acknowledged-when-sent", Plant::AcknowledgedWhenSent),
    ("stale-tail", Plant::StaleTail),
    ("another-id", Plant::AnotherId),
    ("lossy-feed", Plant::LossyFeed),
    ("blind-checkpoint", Plant::BlindCheckpoint),
];

impl Plant {
    pub(crate) fn names() -> Vec<&'static str> {
        ALL.iter().map(|(name, _)| *name).collect()
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(known, _)| *known == name).map(|(_, plant)| *plant)
    }

    /// Whether it is one of the event store.
    pub(crate) fn is_of_store(self) -> bool {
        matches!(self, Self::AcknowledgedWhenSent | Self::StaleTail)
    }
}
