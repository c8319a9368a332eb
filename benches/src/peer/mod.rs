//! The same account in cqrs-es, as its guide writes it.

mod repository;
mod silence;

pub(crate) use repository::Repository;
pub(crate) use silence::Silence;

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use crate::bank;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum AccountEvent {
    Deposited { amount: u64, reference: String },
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        "deposited".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the balance would leave 64 bits")]
pub(crate) struct TooRich;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) balance: u64,
    pub(crate) deposits: u64,
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = bank::Deposit;
    type Event = AccountEvent;
    type Error = TooRich;
    type Services = ();

    async fn handle(
        &mut self,
        command: bank::Deposit,
        _: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), TooRich> {
        let bank::Deposit { amount, reference } = command;
        if self.balance.checked_add(amount).is_none() {
            return Err(TooRich);
        }
        sink.write(AccountEvent::Deposited { amount, reference }, self).await;
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        let AccountEvent::Deposited { amount, .. } = event;
        self.balance += amount;
        self.deposits += 1;
    }
}
