//! Commands: what is asked of an aggregate, and the handler that answers.

mod context;
mod envelope;
mod services;

pub use context::CommandContext;
pub use envelope::{CommandExt, Envelope, IntoEnvelope};
pub use services::Provides;

use std::future::Future;

use crate::aggregate::{Aggregate, IntoEvents};

/// What a command handler of `A` returns: a `Result`, possibly under another name. So a macro never has to
/// recognise the word `Result`.
#[diagnostic::on_unimplemented(
    message = "a command handler returns a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "write `Result<MyEvent, MyError>`, or `Result<MyEvent, std::convert::Infallible>` if it never refuses"
)]
pub trait CommandResult<A> {
    /// What it refuses with.
    type Error: HandlerError;
    /// Its events, as the aggregate's enum.
    fn into_events(self) -> Result<Vec<A::Event>, Self::Error>
    where
        A: Aggregate;
}

impl<A, T: IntoEvents<A>, E: HandlerError> CommandResult<A> for Result<T, E> {
    type Error = E;
    fn into_events(self) -> Result<Vec<A::Event>, E>
    where
        A: Aggregate,
    {
        let mut events = Vec::new();
        self?.into_events(&mut events);
        Ok(events)
    }
}

/// What a handler may refuse with: any error that can leave the task.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a handler",
    label = "not an error that a handler can return",
    note = "use an error of your own: a type with `#[derive(Debug, thiserror::Error)]` that is `Send + Sync + 'static`"
)]
pub trait HandlerError: std::error::Error + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<E: std::error::Error + Send + Sync + 'static> HandlerError for E {}

/// Something that can be asked of an aggregate. Made by `#[command_handler]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no command handler",
    label = "no `#[command_handler]` takes `&{Self}`",
    note = "write `#[command_handler] fn name(state: &MyAggregate, cmd: &{Self}) -> Result<MyEvent, MyError>`"
)]
pub trait Command: Send + Sync + 'static {
    /// Whom it asks.
    type Aggregate: Aggregate;
    /// What its handler refuses with.
    type Error: HandlerError;
    /// Whether the handler runs only on an empty stream.
    const CREATES: bool = false;
}

/// How a command is decided, given services `S`. Made by `#[command_handler]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no command handler",
    label = "no `#[command_handler]` takes `&{Self}`",
    note = "write `#[command_handler] fn name(state: &MyAggregate, cmd: &{Self}) -> Result<MyEvent, MyError>`"
)]
pub trait Decide<S>: Command {
    /// Runs the handler. May be called again after a conflict.
    ///
    /// Commands of one aggregate wait for each other: a handler that never returns holds up its aggregate, and
    /// one that executes a command on its own aggregate waits for itself.
    fn decide(
        &self,
        state: &Self::Aggregate,
        cx: &CommandContext<Self::Aggregate>,
        services: &S,
    ) -> impl Future<Output = Result<Vec<<Self::Aggregate as Aggregate>::Event>, Self::Error>> + Send;
}

/// Returns from a handler with an error unless a condition holds.
///
/// ```
/// # use es_core::require;
/// fn withdraw(balance: u64, amount: u64) -> Result<u64, String> {
///     require!(balance >= amount, format!("only {balance} left"));
///     Ok(balance - amount)
/// }
/// assert_eq!(withdraw(3, 5), Err("only 3 left".to_owned()));
/// ```
#[macro_export]
macro_rules! require {
    ($condition:expr, $error:expr $(,)?) => {
        if !$condition {
            return ::core::result::Result::Err(::core::convert::From::from($error));
        }
    };
}
