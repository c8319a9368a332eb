//! Sends a command, and writes down what became of it.

use std::{io, sync::Arc, time::Duration};

use event_sourcing::{app::App, command::CommandExt, handler::ExecuteError};
use uuid::Uuid;

use crate::{
    bank::{AccountError, Deposit, Open, Pay, Receive},
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
        let told = match op.want.clone() {
            Want::Open => self.app.execute(account, Open.with_id(id)).await,
            Want::Deposit { amounts } => self.app.execute(account, Deposit { amounts }.with_id(id)).await,
            Want::Send { transfer, to, amount } => {
                self.app.execute(account, Pay { transfer, to, amount }.with_id(id)).await
            }
            Want::Receive { transfer, amount } => {
                self.app.execute(account, Receive { transfer, amount }.with_id(id)).await
            }
        };
        let at = now();
        let outcome = match told {
            Ok(done) => Outcome::Done { version: done.version, duplicate: done.duplicate },
            Err(error) => failed(error),
        };
        self.journal.reply(number, at, outcome.clone())?;
        Ok(outcome)
    }
}

fn failed(error: ExecuteError<AccountError>) -> Outcome {
    match error {
        ExecuteError::Rejected(AccountError::Insufficient { balance, events }) => {
            Outcome::Refused { balance, events }
        }
        ExecuteError::OutcomeUnknown { source, .. } => {
            Outcome::Unknown(source.map_or_else(|| "no reason".to_owned(), |source| source.to_string()))
        }
        error => Outcome::Not(error.to_string()),
    }
}
