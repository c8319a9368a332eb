//! A transfer: an aggregate that knows what was asked for and how it ended. [`drive`] takes it from one to the
//! other, over the two accounts.
//!
//! Each step is a command whose id follows from the transfer's, so a step that was done is not done again, and
//! answers as it did then. That makes any number of drivers, one after the other or at once, come to one end.

use event_sourcing::{handler::LoadError, prelude::*};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::{Account, AccountError, AccountEvent, AccountId, Standing},
    hold::{Declined, Held, Hold, Receive, Received, Release, Settle},
    views::GetOpenTransfers,
};

pub type TransferId = Uuid;

#[derive(Event, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[event("transfer.requested")]
pub struct Requested {
    pub from: AccountId,
    pub to: AccountId,
    pub amount: u64,
}
#[derive(Event, Serialize, Deserialize)]
#[event("transfer.completed")]
pub struct Completed;
#[derive(Event, Serialize, Deserialize)]
#[event("transfer.refused")]
pub struct Refused {
    pub reason: AccountError,
}

#[derive(Aggregate, Default)]
#[aggregate("transfer", id = TransferId, events(Requested, Completed, Refused))]
pub struct Transfer {
    pub terms: Option<Requested>,
    pub outcome: Option<Outcome>,
}

/// How a transfer ended: the money is the receiver's, or the sender's again.
pub type Outcome = Result<(), AccountError>;

impl Apply<Requested> for Transfer {
    fn apply(&mut self, e: &Requested) {
        self.terms = Some(e.clone());
    }
}
impl Apply<Completed> for Transfer {
    fn apply(&mut self, _: &Completed) {
        self.outcome = Some(Ok(()));
    }
}
impl Apply<Refused> for Transfer {
    fn apply(&mut self, e: &Refused) {
        self.outcome = Some(Err(e.reason.clone()));
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    #[error("the transfer has ended already, or was never asked for")]
    NotOpen,
}

pub struct Request(pub Requested);
#[command_handler(creates = Transfer)]
fn request(Request(terms): &Request) -> Result<Requested, TransferError> {
    Ok(terms.clone())
}

pub struct End(pub Outcome);
#[command_handler]
fn end(transfer: &Transfer, End(outcome): &End) -> Result<TransferEvent, TransferError> {
    require!(transfer.terms.is_some() && transfer.outcome.is_none(), TransferError::NotOpen);
    Ok(match outcome {
        Ok(()) => Completed.into(),
        Err(reason) => Refused { reason: reason.clone() }.into(),
    })
}

/// A transfer did not get to its end, this time.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    #[error("there is no account `{0}`")]
    NoAccount(AccountId),
    #[error("transfer {0} is another one: choose a new id")]
    OtherTerms(TransferId),
    #[error("there is no transfer {0}")]
    NoTransfer(TransferId),
    #[error("the answer to transfer {0} is not one: something else was done under its command id")]
    NoAnswer(TransferId),
    #[error(transparent)]
    Account(#[from] ExecuteError<AccountError>),
    #[error(transparent)]
    Transfer(#[from] ExecuteError<TransferError>),
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Records what is asked for, after which [`drive`] can take it up. Says whether it was recorded before.
///
/// Both accounts have to be there. They never cease to be, so this needs no looking at later.
pub async fn start(
    app: &App,
    id: TransferId,
    terms: Requested,
    metadata: CommandMetadata,
) -> Result<bool, DriveError> {
    for account in [&terms.from, &terms.to] {
        if app.load::<Account>(account).await?.state.standing == Standing::Unknown {
            return Err(DriveError::NoAccount(account.clone()));
        }
    }
    let command = Request(terms.clone()).with_id(step(id, "request")).with_metadata(metadata);
    let done = app.execute(&id, command).await?;
    match &done.events[..] {
        [TransferEvent::Requested(first)] if *first == terms => Ok(done.duplicate),
        _ => Err(DriveError::OtherTerms(id)),
    }
}

/// A transfer at its end.
#[derive(Debug)]
pub struct Driven {
    pub outcome: Outcome,
    /// After what a query has to look to see it.
    pub tokens: Vec<ReadToken>,
}

/// Takes a transfer to its end, from wherever it is.
pub async fn drive(app: &App, id: TransferId) -> Result<Driven, DriveError> {
    let first = app.history::<Transfer>(&id, 1, 1).await?.events.into_iter().next();
    let first = first.ok_or(DriveError::NoTransfer(id))?;
    let TransferEvent::Requested(Requested { from, to, amount }) = first.event else {
        return Err(DriveError::NoTransfer(id));
    };
    let metadata = first.metadata.command.causation(format!("transfer/{id}"));

    let hold = Hold { transfer: id, amount }.with_id(step(id, "hold")).with_metadata(metadata.clone());
    let mut last = app.execute(&from, hold).await?;
    let mut outcome = answer(id, &last)?;
    let mut tokens = Vec::new();
    if outcome.is_ok() {
        let receive = Receive { transfer: id, amount }.with_id(step(id, "receive"));
        let received = app.execute(&to, receive.with_metadata(metadata.clone())).await?;
        outcome = answer(id, &received)?;
        tokens.push(received.token());
        last = if outcome.is_ok() {
            let settle = Settle { transfer: id }.with_id(step(id, "settle"));
            app.execute(&from, settle.with_metadata(metadata.clone())).await?
        } else {
            let release = Release { transfer: id }.with_id(step(id, "release"));
            app.execute(&from, release.with_metadata(metadata.clone())).await?
        };
    }
    tokens.push(last.token());
    let end = End(outcome.clone()).with_id(step(id, "end")).with_metadata(metadata);
    app.execute(&id, end).await?;
    Ok(Driven { outcome, tokens })
}

/// What an account said to [`Hold`] or [`Receive`], now or the first time.
fn answer(id: TransferId, done: &Committed<Account>) -> Result<Outcome, DriveError> {
    match &done.events[..] {
        [AccountEvent::Held(Held { transfer, .. }) | AccountEvent::Received(Received { transfer, .. })]
            if *transfer == id =>
        {
            Ok(Ok(()))
        }
        [AccountEvent::Declined(Declined { transfer, reason })] if *transfer == id => Ok(Err(reason.clone())),
        _ => Err(DriveError::NoAnswer(id)),
    }
}

/// The id of a transfer's command.
fn step(id: TransferId, name: &str) -> Uuid {
    const STEPS: Uuid = Uuid::from_u128(0x8a3f_61d0_5c0b_4f0e_9d6e_2b7a_44c1_90f5);
    Uuid::new_v5(&STEPS, format!("{id}/{name}").as_bytes())
}

/// Drives all transfers that are open: those whose driver died, or met a store that was out of reach. Those
/// that somebody is driving right now come to no harm. Says how many ended.
pub async fn drive_open(app: &App) -> Result<usize, QueryError> {
    let mut ended = 0;
    for id in app.query(GetOpenTransfers).await? {
        match drive(app, id).await {
            Ok(_) => ended += 1,
            Err(error) => eprintln!("transfer {id} stays open: {error}"),
        }
    }
    Ok(ended)
}

#[cfg(all(test, feature = "testing"))]
#[path = "transfer_tests.rs"]
mod tests;
