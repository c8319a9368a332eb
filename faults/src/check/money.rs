//! Money comes from outside only, and every transfer has two halves that are the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Evidence, Violation, placed};
use crate::{
    bank::{AccountEvent, Received, Sent},
    event::Event,
    history::{Outcome, Want},
};

pub(super) fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut halves = BTreeMap::<Uuid, (Vec<u64>, Vec<u64>, Vec<Value>)>::new();
    let mut all = 0_i128;
    for (account, commits) in &evidence.streams {
        let mut balance = 0_i128;
        for event in commits.iter().flat_map(|c| &c.commands).flat_map(|c| &c.events) {
            let (amount_in, amount_out) = event.amounts();
            balance += i128::from(amount_in) - i128::from(amount_out);
            if balance < 0 && amount_out > 0 {
                let what = format!("{account}: {} leaves it with {balance}", event.show());
                found.push(Violation::new("money", what, Vec::new()));
            }
        }
        all += balance;
    }
    for placed in placed(&evidence.streams) {
        for event in &placed.command.events {
            let (transfer, amount) = match event {
                Event::Account(
                    AccountEvent::Sent(Sent { transfer, amount, .. })
                    | AccountEvent::Received(Received { transfer, amount }),
                ) => (*transfer, *amount),
                _ => continue,
            };
            let (sent, received, history) = halves.entry(transfer).or_default();
            if matches!(event, Event::Account(AccountEvent::Sent(_))) {
                sent.push(amount)
            } else {
                received.push(amount)
            }
            history.push(placed.show());
        }
    }
    for (transfer, (sent, received, history)) in halves {
        if sent.len() != 1 || sent != received {
            let what = format!("transfer {transfer}: sent {sent:?}, received {received:?}");
            found.push(Violation::new("money", what, history));
        }
    }
    let outside = from_outside(evidence);
    if all != outside {
        let what = format!("all accounts together have {all}, and {outside} came from outside");
        found.push(Violation::new("money", what, vec![json!({"accounts": evidence.streams.len()})]));
    }
    found
}

/// As the senders know it.
fn from_outside(evidence: &Evidence) -> i128 {
    let mut counted = BTreeSet::new();
    let mut sum = 0;
    for one in &evidence.tries {
        if let (Want::Deposit { amounts }, Some((_, Outcome::Done { .. }))) = (&one.op.want, &one.reply)
            && counted.insert(one.op.id)
        {
            sum += amounts.iter().copied().map(i128::from).sum::<i128>();
        }
    }
    sum
}
