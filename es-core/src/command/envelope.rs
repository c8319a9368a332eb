use uuid::Uuid;

use super::Command;
use crate::event::CommandMetadata;

/// A command with an id and what its sender says about it.
#[derive(Clone, Debug)]
pub struct Envelope<C> {
    pub(crate) command: C,
    pub(crate) id: Option<Uuid>,
    pub(crate) metadata: CommandMetadata,
}

impl<C: Command> Envelope<C> {
    /// Names the command: sent again under the same id to the same aggregate, it is not done twice.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }

    /// Adds correlation, causation and headers.
    #[must_use]
    pub fn with_metadata(mut self, metadata: CommandMetadata) -> Self {
        self.metadata = metadata;
        self
    }
}

/// A command, alone or in an [`Envelope`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no command handler",
    label = "no `#[command_handler]` takes `&{Self}`",
    note = "write `#[command_handler] fn name(state: &MyAggregate, cmd: &{Self}) -> Result<MyEvent, MyError>`"
)]
pub trait IntoEnvelope {
    /// The command inside.
    type Command: Command;
    /// The command in an envelope.
    fn into_envelope(self) -> Envelope<Self::Command>;
}

impl<C: Command> IntoEnvelope for C {
    type Command = C;
    fn into_envelope(self) -> Envelope<C> {
        Envelope { command: self, id: None, metadata: CommandMetadata::default() }
    }
}

impl<C: Command> IntoEnvelope for Envelope<C> {
    type Command = C;
    fn into_envelope(self) -> Self {
        self
    }
}

/// Puts a command into an [`Envelope`].
pub trait CommandExt: Command + Sized {
    /// Names the command: sent again under the same id to the same aggregate, it is not done twice.
    fn with_id(self, id: Uuid) -> Envelope<Self> {
        self.into_envelope().with_id(id)
    }

    /// Adds correlation, causation and headers.
    fn with_metadata(self, metadata: CommandMetadata) -> Envelope<Self> {
        self.into_envelope().with_metadata(metadata)
    }
}

impl<C: Command> CommandExt for C {}
