use crate::{command::HandlerError, store::BoxError};

/// What a listener does with an event that its projection cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// Set this aggregate aside with the error, in the checkpoint's transaction, and go on with the others.
    Park,
    /// Stop this projection's listener, with a typed reason.
    Stop,
}

/// How often to try, and what then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailurePolicy {
    /// How many times the event is tried again, after a growing pause.
    pub retries: u32,
    /// What happens when it still fails.
    pub then: OnFailure,
}

impl FailurePolicy {
    /// One retry, then park.
    pub const DEFAULT: Self = Self { retries: 1, then: OnFailure::Park };
}

/// What a projection's handler may return: `()`, or a `Result` whose error parks the aggregate.
#[diagnostic::on_unimplemented(
    message = "a projection's handler cannot return `{Self}`",
    label = "not `()` and not `Result<(), E>`",
    note = "return nothing, or `Result<(), MyError>`: an error parks the aggregate"
)]
pub trait FoldResult {
    /// As the listener takes it.
    fn into_fold(self) -> Result<(), BoxError>;
}

impl FoldResult for () {
    fn into_fold(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: HandlerError> FoldResult for Result<(), E> {
    fn into_fold(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}
