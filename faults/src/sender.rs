//! Sends a command, and writes down what became of it.

use std::{io, sync::Arc, time::Duration};

use event_sourcing::{
    aggregate::Aggregate,
    app::App,
    command::CommandExt,
    handler::{Committed, ExecuteError},
};
use uuid::Uuid;

use crate::{
    bank::{AccountError, Deposit, Open, Pay, Receive},
    fleet::{AircraftError, Depart, Land},
    history::{Journal, Op, Outcome, Want, now},
    plant::Plant,
};

/// An App, and the history of what is sent through it.
#[derive(Clone)]
pub(crate) struct Sender {
    app: App,
    journal: Arc<Journal>,
    plant: Option<Plant>,
}

impl Sender {
    pub(crate) fn new(app: App, journal: Journal, plant: Option<Plant>) -> Self {
        Self { app, journal: Arc::new(journal), plant }
    }

    /// Sends `op` until its outcome is known, at most so many times. The last try's outcome.
    pub(crate) async fn send(&self, op: &Op, tries: u32) -> io::Result<Outcome> {
        let mut outcome = self.once(op, op.id).await?;
        for _ in 1..tries {
            if matches!(outcome, Outcome::Done { .. } | Outcome::Refused { .. }) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            // An account that is there cannot be opened under another id.
            let planted = self.plant == Some(Plant::UnknownIsFailure) && op.want != Want::Open;
            outcome = self.once(op, if planted { Uuid::now_v7() } else { op.id }).await?;
        }
        Ok(outcome)
    }

    async fn once(&self, op: &Op, id: Uuid) -> io::Result<Outcome> {
        let number = self.journal.call(op)?;
        let account = &op.account;
        let app = &self.app;
        let (outcome, at) = match op.want.clone() {
            Want::Open => told(app.execute(account, Open.with_id(id)).await),
            Want::Deposit { amounts } => told(app.execute(account, Deposit { amounts }.with_id(id)).await),
            Want::Send { transfer, to, amount } => {
                told(app.execute(account, Pay { transfer, to, amount }.with_id(id)).await)
            }
            Want::Receive { transfer, amount } => {
                told(app.execute(account, Receive { transfer, amount }.with_id(id)).await)
            }
            Want::Depart { row, carrier } => {
                told(app.execute(account, Depart { row, carrier }.with_id(id)).await)
            }
            Want::Land { .. } => told(app.execute(account, Land.with_id(id)).await),
        };
        self.journal.reply(number, at, outcome.clone())?;
        Ok(outcome)
    }
}

/// What the sender was told, and when.
fn told<A, E>(result: Result<Committed<A>, ExecuteError<E>>) -> (Outcome, u64)
where
    A: Aggregate,
    E: Refusal,
{
    let at = now();
    let outcome = match result {
        Ok(done) => Outcome::Done { version: done.version, duplicate: done.duplicate },
        Err(error) => failed(error),
    };
    (outcome, at)
}

/// A command's error.
trait Refusal: std::error::Error + Send + Sync + 'static {
    /// As it is written down, if it says on which state it was decided.
    fn outcome(&self) -> Option<Outcome>;
}

impl Refusal for AccountError {
    fn outcome(&self) -> Option<Outcome> {
        match *self {
            Self::Insufficient { balance, events } => Some(Outcome::Refused { balance, events }),
            Self::Unknown => None,
        }
    }
}

impl Refusal for AircraftError {
    fn outcome(&self) -> Option<Outcome> {
        None
    }
}

fn failed<E: Refusal>(error: ExecuteError<E>) -> Outcome {
    match error {
        ExecuteError::Rejected(refusal) => {
            refusal.outcome().unwrap_or_else(|| Outcome::Not(refusal.to_string()))
        }
        ExecuteError::OutcomeUnknown { source, .. } => {
            Outcome::Unknown(source.map_or_else(|| "no reason".to_owned(), |source| source.to_string()))
        }
        error => Outcome::Not(error.to_string()),
    }
}
