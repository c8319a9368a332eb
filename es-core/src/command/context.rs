use std::{fmt, time::SystemTime};
use uuid::Uuid;

use crate::{aggregate::Aggregate, event::CommandMetadata};

/// What a handler may know beside the state and the command.
pub struct CommandContext<A: Aggregate> {
    pub(crate) id: A::Id,
    pub(crate) version: u64,
    pub(crate) command_id: Uuid,
    pub(crate) metadata: CommandMetadata,
    pub(crate) received_at: SystemTime,
}

impl<A: Aggregate> CommandContext<A> {
    /// A context for a handler's own unit test: aggregate `id` at `version`.
    pub fn for_test(id: A::Id, version: u64) -> Self {
        Self {
            id,
            version,
            command_id: Uuid::nil(),
            metadata: CommandMetadata::default(),
            received_at: SystemTime::UNIX_EPOCH,
        }
    }

    /// The aggregate's id.
    pub fn id(&self) -> &A::Id {
        &self.id
    }

    /// The sequence of the last event that the state includes, 0 for a new aggregate.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The command's id.
    pub fn command_id(&self) -> Uuid {
        self.command_id
    }

    /// What the sender said.
    pub fn metadata(&self) -> &CommandMetadata {
        &self.metadata
    }

    /// When the command arrived; the same in every repetition of the handler, unlike a clock.
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }
}

impl<A: Aggregate> fmt::Debug for CommandContext<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandContext")
            .field("id", &format_args!("{}", self.id))
            .field("version", &self.version)
            .field("command_id", &self.command_id)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}
