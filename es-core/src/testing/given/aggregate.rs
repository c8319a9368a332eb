use futures_util::FutureExt;
use std::{fmt, time::SystemTime};
use uuid::Uuid;

use super::{Outcome, Refusal, stored};
use crate::{
    aggregate::{Aggregate, IntoEvents},
    command::{Command, CommandContext, Decide, IntoEnvelope},
};

/// Begins the test of an aggregate that has this history: an event, a tuple or `Vec` of them, or `()`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/given/bank.rs"));
/// use es_core::testing::given;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// given::<Account>((Opened { owner: "Ann".into() }, Deposited { amount: 5 }))
///     .when(Withdraw { amount: 3 })
///     .await
///     .then_events(Withdrawn { amount: 3 });
///
/// given::<Account>((Opened { owner: "Ann".into() }, Deposited { amount: 5 }))
///     .when_now(Withdraw { amount: 9 })
///     .then_refused(AccountError::Insufficient { balance: 5 });
/// # }
/// ```
///
/// Every event on the way, of the history too, is encoded and decoded with each codec, so that one which
/// could not be read back from a store fails the test.
///
/// # Panics
///
/// When an event of the history cannot be read back; the message says why.
#[track_caller]
pub fn given<A: Aggregate>(history: impl IntoEvents<A>) -> Given<'static, A> {
    Given { state: A::default(), version: 0, id: None, services: &() }.and(history)
}

/// An aggregate with a history, about to be asked something. Made by [`given`].
#[must_use = "a history alone tests nothing: go on with `.when(command).await`"]
pub struct Given<'s, A: Aggregate, S = ()> {
    state: A,
    version: u64,
    id: Option<A::Id>,
    services: &'s S,
}

impl<'s, A: Aggregate, S> Given<'s, A, S> {
    /// Adds to the history.
    ///
    /// # Panics
    ///
    /// When one of the events cannot be read back; the message says why.
    #[track_caller]
    pub fn and(mut self, history: impl IntoEvents<A>) -> Self {
        let mut events = Vec::new();
        history.into_events(&mut events);
        for event in &events {
            match stored::read_back(event) {
                Ok(event) => self.state.apply_event(&event),
                Err(reason) => panic!("given: {reason}"),
            }
            self.version += 1;
        }
        self
    }

    /// The aggregate's id, for handlers that look at it. Without it, some id of the right type.
    pub fn id(self, id: A::Id) -> Self {
        Self { id: Some(id), ..self }
    }

    /// What the command's handler asks for. Without it, `()`.
    pub fn services<T>(self, services: &T) -> Given<'_, A, T> {
        Given { state: self.state, version: self.version, id: self.id, services }
    }

    /// The state that the history makes.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// Gives the command, alone or in an envelope with an id and metadata, to its handler.
    ///
    /// # Panics
    ///
    /// When the handler does; and when no id can be made up for the aggregate, see [`Given::id`].
    #[must_use = "say what should have come of it, e.g. `.then_events(..)`"]
    pub async fn when<M>(self, command: M) -> Outcome<A, <M::Command as Command>::Error>
    where
        M: IntoEnvelope,
        M::Command: Decide<S, Aggregate = A>,
    {
        let Self { mut state, version, id, services } = self;
        let envelope = command.into_envelope();
        if M::Command::CREATES && version > 0 {
            return Outcome { state, result: Err(Refusal::AlreadyExists) };
        }
        let cx = CommandContext {
            id: id.unwrap_or_else(some_id::<A>),
            version,
            command_id: envelope.id.unwrap_or(Uuid::nil()),
            metadata: envelope.metadata,
            received_at: SystemTime::now(),
        };
        let result = match envelope.command.decide(&state, &cx, services).await {
            Err(refusal) => Err(Refusal::Rejected(refusal)),
            Ok(events) => match events.iter().map(stored::read_back).collect::<Result<Vec<_>, _>>() {
                Err(reason) => Err(Refusal::Unreadable(reason)),
                Ok(events) => {
                    events.iter().for_each(|event| state.apply_event(event));
                    Ok(events)
                }
            },
        };
        Outcome { state, result }
    }

    /// The same in a plain `#[test]`, for handlers that wait for nothing.
    ///
    /// # Panics
    ///
    /// When the handler waits for something: that needs `.when(..).await` in a `#[tokio::test]`.
    #[track_caller]
    #[must_use = "say what should have come of it, e.g. `.then_events(..)`"]
    pub fn when_now<M>(self, command: M) -> Outcome<A, <M::Command as Command>::Error>
    where
        M: IntoEnvelope,
        M::Command: Decide<S, Aggregate = A>,
    {
        match self.when(command).now_or_never() {
            Some(outcome) => outcome,
            None => panic!("the handler waits for something: use `.when(..).await` in a `#[tokio::test]`"),
        }
    }
}

/// An id of whatever type, from texts that fit the usual ones.
fn some_id<A: Aggregate>() -> A::Id {
    let texts = ["1", "00000000-0000-0000-0000-000000000001"];
    match texts.iter().find_map(|text| text.parse().ok()) {
        Some(id) => id,
        None => panic!("no id could be made up for this aggregate: give one with `.id(..)`"),
    }
}

impl<A: Aggregate, S> fmt::Debug for Given<'_, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Given({}, {} events)", A::CATEGORY, self.version)
    }
}
