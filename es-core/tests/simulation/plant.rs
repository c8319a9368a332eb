//! Mistakes on purpose, to see that the simulation finds them.

/// What is wrong with a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// The repository moves checkpoints from wherever they are.
    BlindCheckpoint,
    /// The repository saves rows, and then checkpoints, in a transaction of their own.
    CheckpointApart,
    /// The repository saves offsets, and then what they stand for.
    OffsetsFirst,
    /// The store keeps the later one of two commits at one place.
    Overwrites,
    /// The store tells the later one of two commits that it is stored, too.
    LoserWins,
    /// The store says that a commit is certainly not stored when it does not know.
    UnknownIsFailure,
    /// The store has nothing when it is asked for what follows an event.
    EmptyReads,
    /// The store's reads miss a stream's last commit.
    StaleReads,
    /// Where a stream ends is looked up as reads do, which miss what is decided and not known to all.
    HeadsAreReads,
    /// The feed loses records and says that it is complete.
    LossyFeed,
    /// Who sends a command again sends it under another id.
    AnotherId,
}
