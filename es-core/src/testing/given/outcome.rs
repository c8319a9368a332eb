use std::fmt;

use super::stored;
use crate::{
    aggregate::{Aggregate, IntoEvents},
    command::HandlerError,
};

/// What came of a command. Made by [`Given::when`](super::Given::when).
///
/// The `then_…` methods panic unless it is what they say, with a message that shows both, and return the
/// outcome for more.
pub struct Outcome<A: Aggregate, E: HandlerError> {
    pub(super) state: A,
    pub(super) result: Result<Vec<A::Event>, Refusal<E>>,
}

/// Why a command led to no events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal<E> {
    /// The handler refused.
    Rejected(E),
    /// The handler creates the aggregate, and there is a history already. The handler did not run.
    AlreadyExists,
    /// An event of the handler's could not be stored, or not be read again; the text says why.
    Unreadable(String),
}

impl<E: fmt::Display> fmt::Display for Refusal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(error) => write!(f, "the handler refused: {error}"),
            Self::AlreadyExists => f.write_str("the aggregate exists already, and this command only creates"),
            Self::Unreadable(reason) => f.write_str(reason),
        }
    }
}

impl<A: Aggregate, E: HandlerError> Outcome<A, E> {
    /// Exactly these events came of it, in this order. Compared as they are stored: by name and fields.
    #[track_caller]
    pub fn then_events(self, expected: impl IntoEvents<A>) -> Self {
        let mut events = Vec::new();
        expected.into_events(&mut events);
        let expected = lines(&events);
        match &self.result {
            Err(refusal) => panic!("expected events, but {refusal}\n{}", list(&expected)),
            Ok(got) => {
                if let Some(difference) = stored::difference(&expected, &lines(got)) {
                    panic!("other events than expected {difference}");
                }
            }
        }
        self
    }

    /// The handler was content, and nothing happened.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        self.then_events(())
    }

    /// The handler refused with exactly this.
    #[track_caller]
    pub fn then_refused(self, expected: E) -> Self
    where
        E: PartialEq,
    {
        let got = self.rejection(&format!("`{expected:?}`"));
        assert!(*got == expected, "another refusal than expected\n  - {expected:?}\n  + {got:?}");
        self
    }

    /// The handler refused with an error of which `is_right` is true.
    #[track_caller]
    pub fn then_error(self, is_right: impl FnOnce(&E) -> bool) -> Self {
        let got = self.rejection("a refusal");
        assert!(is_right(got), "another refusal than expected: {got:?}");
        self
    }

    /// The command creates, and was turned away because there is a history already.
    #[track_caller]
    pub fn then_already_exists(self) -> Self {
        match &self.result {
            Err(Refusal::AlreadyExists) => self,
            Err(refusal) => panic!("expected that the aggregate exists already, but {refusal}"),
            Ok(got) => {
                panic!("expected that the aggregate exists already, but these came\n{}", list(&lines(got)))
            }
        }
    }

    /// The events that came of it.
    ///
    /// # Panics
    ///
    /// When the command was refused.
    #[track_caller]
    pub fn events(&self) -> &[A::Event] {
        match &self.result {
            Ok(events) => events,
            Err(refusal) => panic!("there are no events: {refusal}"),
        }
    }

    /// The state after it: the history's, with the new events applied.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// The events or the refusal, to look at in ways of one's own.
    pub fn into_result(self) -> Result<Vec<A::Event>, Refusal<E>> {
        self.result
    }

    #[track_caller]
    fn rejection(&self, expected: &str) -> &E {
        match &self.result {
            Err(Refusal::Rejected(error)) => error,
            Err(refusal) => panic!("expected {expected}, but {refusal}"),
            Ok(got) => {
                panic!("expected {expected}, but the handler was content, with\n{}", list(&lines(got)))
            }
        }
    }
}

impl<A: Aggregate, E: HandlerError> fmt::Debug for Outcome<A, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(events) => f.debug_list().entries(events.iter().map(stored::line)).finish(),
            Err(refusal) => write!(f, "Outcome({refusal})"),
        }
    }
}

#[track_caller]
fn lines<E: crate::event::EventSet>(events: &[E]) -> Vec<String> {
    let lines = events.iter().map(stored::line).collect();
    match lines {
        Ok(lines) => lines,
        Err(reason) => panic!("{reason}"),
    }
}

fn list(lines: &[String]) -> String {
    if lines.is_empty() { "  (no events)".to_owned() } else { format!("  {}", lines.join("\n  ")) }
}
