use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{AtWork, Committed, ExecuteError, LoadError};
use crate::{
    BoxFuture,
    aggregate::Aggregate,
    command::{Command, CommandContext, Decide},
    event::EncodeError,
    store::{AppendError, StreamId},
};

/// How far a command has come in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// To be decided, again if need be.
    Waiting,
    /// Decided; its events wait for the append.
    Writes,
    /// Decided; it writes nothing, so its reply waits until the state it was decided on is known to be fresh.
    WritesNothing,
    /// The sender has the reply.
    Replied,
}

/// What keeps commands from being done, whatever their type: shared by all that it concerns.
#[derive(Clone)]
pub(super) enum Failure {
    Load(Arc<LoadError>),
    Append(Arc<AppendError>),
    TooLarge(Arc<AppendError>),
    OutcomeUnknown(Arc<AppendError>),
    Contended(u32),
}

/// Why what a command decided cannot be stored, whatever the store says.
pub(super) enum Flaw {
    Encode(EncodeError),
    TooLarge(AppendError),
    Panicked(String),
}

/// A command on its way, whatever its type.
pub(super) trait Job<A: Aggregate, S>: Send {
    fn cx(&self) -> &CommandContext<A>;
    /// Whether the sender chose the id, so that it may have been sent before.
    fn named(&self) -> bool;
    fn stage(&self) -> Stage;
    /// Back to [`Stage::Waiting`], unless it is replied to.
    fn reconsider(&mut self);
    /// Runs the handler on `state`, which ends at `version`.
    fn decide<'a>(&'a mut self, state: &'a A, version: u64, services: &'a S) -> BoxFuture<'a, ()>;
    /// What it decided to write; empty at any stage but [`Stage::Writes`].
    fn events(&self) -> &[A::Event];
    /// Turns a decision to write into the refusal of it.
    fn refuse(&mut self, flaw: Flaw);
    /// Replies as decided.
    fn reply(&mut self, stream: &StreamId);
    /// Replies with what a command of the same id did before.
    fn reply_duplicate(&mut self, stream: &StreamId, version: u64, events: Vec<A::Event>);
    /// Replies that it cannot be done.
    fn fail(&mut self, stream: &StreamId, failure: Failure);
}

/// What the sender of a command gets.
pub(super) type Reply<C> = Result<Committed<<C as Command>::Aggregate>, ExecuteError<<C as Command>::Error>>;

enum Decision<A: Aggregate, E> {
    None,
    /// The events, and the stream's version once they are in.
    Events(Vec<A::Event>, u64),
    Refused(E),
    AlreadyExists,
    Flawed(Flaw),
}

pub(super) struct Ask<C: Command> {
    command: C,
    named: bool,
    cx: CommandContext<C::Aggregate>,
    stage: Stage,
    decision: Decision<C::Aggregate, C::Error>,
    reply: Option<oneshot::Sender<Reply<C>>>,
    /// Ends with the command.
    _at_work: AtWork,
}

impl<C: Command> Ask<C> {
    pub(super) fn new(
        command: C,
        named: bool,
        cx: CommandContext<C::Aggregate>,
        at_work: AtWork,
    ) -> (Self, oneshot::Receiver<Reply<C>>) {
        let (reply, wait) = oneshot::channel();
        let job = Self {
            command,
            named,
            cx,
            stage: Stage::Waiting,
            decision: Decision::None,
            reply: Some(reply),
            _at_work: at_work,
        };
        (job, wait)
    }

    fn send(&mut self, result: Reply<C>) {
        self.stage = Stage::Replied;
        if let Some(reply) = self.reply.take() {
            // The sender may have gone; what is stored stays stored.
            let _ = reply.send(result);
        }
    }

    fn committed(
        &self,
        stream: &StreamId,
        version: u64,
        events: Vec<<C::Aggregate as Aggregate>::Event>,
    ) -> Committed<C::Aggregate> {
        Committed {
            version,
            events,
            command_id: self.cx.command_id,
            duplicate: false,
            stream: stream.clone(),
        }
    }
}

impl<C: Decide<S>, S: Send + Sync> Job<C::Aggregate, S> for Ask<C> {
    fn cx(&self) -> &CommandContext<C::Aggregate> {
        &self.cx
    }

    fn named(&self) -> bool {
        self.named
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn reconsider(&mut self) {
        if self.stage != Stage::Replied {
            self.stage = Stage::Waiting;
            self.decision = Decision::None;
        }
    }

    fn decide<'a>(&'a mut self, state: &'a C::Aggregate, version: u64, services: &'a S) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.cx.version = version;
            self.decision = if C::CREATES && version > 0 {
                Decision::AlreadyExists
            } else {
                let decided =
                    AssertUnwindSafe(async { self.command.decide(state, &self.cx, services).await });
                match decided.catch_unwind().await {
                    Ok(Ok(events)) => {
                        let version = version + events.len() as u64;
                        Decision::Events(events, version)
                    }
                    Ok(Err(refusal)) => Decision::Refused(refusal),
                    Err(panic) => Decision::Flawed(Flaw::Panicked(crate::panic_message(&*panic))),
                }
            };
            let writes = matches!(&self.decision, Decision::Events(events, _) if !events.is_empty());
            self.stage = if writes { Stage::Writes } else { Stage::WritesNothing };
        })
    }

    fn events(&self) -> &[<C::Aggregate as Aggregate>::Event] {
        match &self.decision {
            Decision::Events(events, _) => events,
            _ => &[],
        }
    }

    fn refuse(&mut self, flaw: Flaw) {
        self.decision = Decision::Flawed(flaw);
        self.stage = Stage::WritesNothing;
    }

    fn reply(&mut self, stream: &StreamId) {
        let result = match std::mem::replace(&mut self.decision, Decision::None) {
            // Nothing sends a reply before the decision.
            Decision::None => return,
            Decision::Events(events, version) => Ok(self.committed(stream, version, events)),
            Decision::Refused(refusal) => Err(ExecuteError::Rejected(refusal)),
            Decision::AlreadyExists => Err(ExecuteError::AlreadyExists { stream: stream.clone() }),
            Decision::Flawed(Flaw::Encode(source)) => {
                Err(ExecuteError::Encode { stream: stream.clone(), source })
            }
            Decision::Flawed(Flaw::TooLarge(error)) => Err(ExecuteError::TooLarge(Arc::new(error))),
            Decision::Flawed(Flaw::Panicked(message)) => {
                Err(ExecuteError::HandlerPanicked { stream: stream.clone(), message })
            }
        };
        self.send(result);
    }

    fn reply_duplicate(
        &mut self,
        stream: &StreamId,
        version: u64,
        events: Vec<<C::Aggregate as Aggregate>::Event>,
    ) {
        let committed = self.committed(stream, version, events);
        self.send(Ok(Committed { duplicate: true, ..committed }));
    }

    fn fail(&mut self, stream: &StreamId, failure: Failure) {
        let command_id: Uuid = self.cx.command_id;
        self.send(Err(match failure {
            Failure::Load(error) => ExecuteError::Load(error),
            Failure::Append(error) => ExecuteError::Append(error),
            Failure::TooLarge(error) => ExecuteError::TooLarge(error),
            Failure::OutcomeUnknown(error) => {
                ExecuteError::OutcomeUnknown { command_id, source: Some(error) }
            }
            Failure::Contended(attempts) => ExecuteError::Contended { stream: stream.clone(), attempts },
        }));
    }
}
