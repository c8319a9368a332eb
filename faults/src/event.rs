//! What is in streams, of whichever aggregate.

use crate::{bank::AccountEvent, fleet::AircraftEvent};

#[derive(Debug)]
pub(crate) enum Event {
    Account(AccountEvent),
    Aircraft(AircraftEvent),
}

impl Event {
    /// What it does to the balance: money in, and money out.
    pub(crate) fn amounts(&self) -> (u64, u64) {
        match self {
            Self::Account(event) => event.amounts(),
            Self::Aircraft(_) => (0, 0),
        }
    }

    /// As text, for reports.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Account(event) => event.show(),
            Self::Aircraft(AircraftEvent::Departed(e)) => format!("{e:?}"),
            Self::Aircraft(AircraftEvent::Landed(e)) => format!("{e:?}"),
        }
    }
}

impl<E: Into<AccountEvent>> From<E> for Event {
    fn from(event: E) -> Self {
        Self::Account(event.into())
    }
}
