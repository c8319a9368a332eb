use std::sync::Arc;
use uuid::Uuid;

use crate::{
    command::HandlerError,
    event::{DecodeError, EncodeError},
    store::{AppendError, LONGEST_ID, ReadError, StreamForked, StreamId},
};

/// A command was not done, or it is not known whether it was.
///
/// But for [`ExecuteError::OutcomeUnknown`], nothing was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E: HandlerError> {
    /// The handler refused. True at a moment after the command arrived: never decided on a stale state.
    #[error(transparent)]
    Rejected(E),
    /// The handler creates the aggregate, and it is there already.
    #[error("{stream} exists already: this command only creates")]
    AlreadyExists {
        /// Which aggregate.
        stream: StreamId,
    },
    /// Other processes were first, again and again. Send it again, or later.
    #[error("{stream} is contended: other writers were first {attempts} times in a row; try again later")]
    Contended {
        /// Which aggregate.
        stream: StreamId,
        /// How many appends were refused.
        attempts: u32,
    },
    /// The store did not say whether it kept the events. Send the command again with this id: it is not done
    /// twice.
    #[error("it is not known whether the command was done: send it again with id {command_id}")]
    OutcomeUnknown {
        /// The id to send it again with.
        command_id: Uuid,
        /// What the store said, if it said anything.
        #[source]
        source: Option<Arc<AppendError>>,
    },
    /// The command's events are over what one commit may hold.
    #[error(transparent)]
    TooLarge(Arc<AppendError>),
    /// An event could not be turned into bytes.
    #[error("the events of this command for {stream} cannot be stored: {source}")]
    Encode {
        /// Which aggregate.
        stream: StreamId,
        /// The codec's words.
        #[source]
        source: EncodeError,
    },
    /// The aggregate's state could not be had.
    #[error(transparent)]
    Load(Arc<LoadError>),
    /// The store could not take the commit.
    #[error(transparent)]
    Append(Arc<AppendError>),
    /// The handler, or an `Apply`, panicked.
    #[error("a handler of {stream} {message}")]
    HandlerPanicked {
        /// Which aggregate.
        stream: StreamId,
        /// The panic's message.
        message: String,
    },
    /// The aggregate's id is too long to be stored. Nothing was stored.
    #[error("an id of `{category}` has {length} bytes, and at most {LONGEST_ID} are stored")]
    IdTooLong {
        /// Of which aggregate.
        category: &'static str,
        /// Bytes of its text.
        length: usize,
    },
    /// The App is shut down.
    #[error("the App is shut down and takes no more commands")]
    Stopped,
}

/// An aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An event of the stream cannot be decoded by this program.
    #[error("event {sequence} of {stream} cannot be read: {source}")]
    Decode {
        /// Whose.
        stream: StreamId,
        /// Of the event, or of its commit's first one if the frame is broken.
        sequence: u64,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The stream's commits do not form one chain.
    #[error(transparent)]
    Forked(#[from] StreamForked),
    /// An `Apply` panicked.
    #[error("applying event {sequence} of {stream} {message}")]
    ApplyPanicked {
        /// Whose.
        stream: StreamId,
        /// Of the event.
        sequence: u64,
        /// The panic's message.
        message: String,
    },
}
