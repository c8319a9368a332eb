//! What has to be sent again: commands whose outcome nobody knows, and the other halves of transfers.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::{
    bank::AccountId,
    history::{Op, Outcome, Try, Want},
};

/// The id of a half of a transfer: it follows from the transfer, so that whoever completes it sends the same command.
pub(crate) fn half(transfer: Uuid, which: &str) -> Uuid {
    Uuid::new_v5(&transfer, which.as_bytes())
}

/// The second half.
pub(crate) fn receive(transfer: Uuid, to: AccountId, amount: u64) -> Op {
    Op { id: half(transfer, "receive"), account: to, want: Want::Receive { transfer, amount } }
}

/// Commands of which it is not known whether they were done, and the second halves of transfers whose first one was.
pub(crate) fn open(tries: &[Try]) -> Vec<Op> {
    let mut unknown = BTreeMap::new();
    let mut done = BTreeSet::new();
    for one in tries {
        match &one.reply {
            Some((_, Outcome::Done { .. })) => {
                done.insert(one.op.id);
                if let Want::Send { transfer, to, amount } = &one.op.want {
                    let op = receive(*transfer, to.clone(), *amount);
                    unknown.insert(op.id, op);
                }
            }
            None | Some((_, Outcome::Unknown(_))) => {
                unknown.insert(one.op.id, one.op.clone());
            }
            Some((_, Outcome::Refused { .. } | Outcome::Not(_))) => {}
        }
    }
    unknown.retain(|id, _| !done.contains(id));
    unknown.into_values().collect()
}
