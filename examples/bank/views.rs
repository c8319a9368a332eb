//! What can be looked at, and the queries that look.

use std::collections::BTreeSet;

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    account::{AccountId, Closed, Deposited, Opened, Withdrawn},
    hold::{Held, Received, Released, Settled},
    transfer::{Completed, Refused, Requested, TransferId},
};

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub owner: String,
    pub balance: u64,
    /// On hold for transfers on their way; not in the balance.
    pub held: u64,
    pub closed: bool,
}

pub struct Balances;
#[projection("balances", view = Balance, key = AccountId)]
impl Balances {
    fn opened(view: &mut Balance, e: &Opened) {
        view.owner = e.owner.clone();
    }
    fn deposited(view: &mut Balance, e: &Deposited) {
        view.balance += e.amount;
    }
    fn withdrawn(view: &mut Balance, e: &Withdrawn) {
        view.balance -= e.amount;
    }
    fn closed(view: &mut Balance, _: &Closed) {
        view.closed = true;
    }
    fn held(view: &mut Balance, e: &Held) {
        view.balance -= e.amount;
        view.held += e.amount;
    }
    fn received(view: &mut Balance, e: &Received) {
        view.balance += e.amount;
    }
    fn settled(view: &mut Balance, e: &Settled) {
        view.held -= e.amount;
    }
    fn released(view: &mut Balance, e: &Released) {
        view.held -= e.amount;
        view.balance += e.amount;
    }
}

pub struct GetBalance {
    pub account: AccountId,
}
#[query_handler]
async fn balance(views: &Views<Balances>, q: &GetBalance) -> Result<Option<Balance>, QueryError> {
    views.get(&q.account).await
}

/// The transfers on their way, all in one row: there are few at a time, and ended ones leave it.
#[derive(Default, Serialize, Deserialize)]
pub struct OnTheirWay(BTreeSet<TransferId>);

pub struct OpenTransfers;
#[projection("open_transfers", view = OnTheirWay, key = str)]
impl OpenTransfers {
    #[on(key = "all")]
    fn requested(view: &mut OnTheirWay, _: &Requested, m: &Metadata) -> Result<(), uuid::Error> {
        view.0.insert(m.aggregate_id.parse()?);
        Ok(())
    }
    #[on(key = "all")]
    fn completed(view: &mut OnTheirWay, _: &Completed, m: &Metadata) -> Result<(), uuid::Error> {
        view.0.remove(&m.aggregate_id.parse()?);
        Ok(())
    }
    #[on(key = "all")]
    fn refused(view: &mut OnTheirWay, _: &Refused, m: &Metadata) -> Result<(), uuid::Error> {
        view.0.remove(&m.aggregate_id.parse()?);
        Ok(())
    }
}

pub struct GetOpenTransfers;
#[query_handler]
async fn open_transfers(
    views: &Views<OpenTransfers>,
    _: &GetOpenTransfers,
) -> Result<BTreeSet<TransferId>, QueryError> {
    Ok(views.get("all").await?.unwrap_or_default().0)
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::account::AccountError;
    use event_sourcing::testing::given_projection;

    const T: TransferId = TransferId::from_u128(7);

    #[test]
    fn a_balance_follows_every_event() {
        let bank = given_projection(Balances)
            .event("ann", Opened { owner: "Ann".to_owned() })
            .event("ann", Deposited { amount: 20 })
            .event("ann", Withdrawn { amount: 1 })
            .event("ann", Held { transfer: T, amount: 8 })
            .event("ann", Held { transfer: TransferId::nil(), amount: 4 })
            .event("ann", Received { transfer: TransferId::max(), amount: 100 });
        let row = Balance { owner: "Ann".to_owned(), balance: 107, held: 12, closed: false };
        assert_eq!(bank.row(&"ann".to_owned()), Some(row));
        let bank = bank
            .event("ann", Settled { transfer: T, amount: 8 })
            .event("ann", Released { transfer: TransferId::nil(), amount: 4 })
            .event("ann", Closed);
        let row = Balance { owner: "Ann".to_owned(), balance: 111, held: 0, closed: true };
        assert_eq!(bank.row(&"ann".to_owned()), Some(row));
    }

    #[test]
    fn transfers_are_open_until_they_end() {
        let terms = || Requested { from: "ann".to_owned(), to: "bob".to_owned(), amount: 1 };
        let (a, b) = (TransferId::from_u128(1), TransferId::from_u128(2));
        let open = given_projection(OpenTransfers).event(T, terms()).event(a, terms()).event(b, terms());
        assert_eq!(open.row("all").unwrap().0, BTreeSet::from([a, b, T]));
        let open = open.event(a, Completed).event(b, Refused { reason: AccountError::Closed });
        assert_eq!(open.row("all").unwrap().0, BTreeSet::from([T]));
    }
}
