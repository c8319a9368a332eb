//! What must be true in the end: histories of what senders were told, held against the streams and the views.
//!
//! [`check`] is a function of the evidence alone, so that its own tests can plant each breach in it.

mod gather;
mod money;
mod ops;
mod order;
#[cfg(test)]
mod plants;
mod streams;
mod verdict;
mod views;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    bank::AccountId,
    event::Event,
    history::Try,
    views::{Ledger, Total, Traffic, Transfer},
};

pub(crate) use verdict::run;

/// A command as it is in a stream.
#[derive(Debug)]
pub(crate) struct StoredCommand {
    pub(crate) id: Uuid,
    pub(crate) events: Vec<Event>,
}

/// A commit as it is in a stream.
#[derive(Debug)]
pub(crate) struct StoredCommit {
    pub(crate) id: Uuid,
    pub(crate) parent: Option<Uuid>,
    pub(crate) sequence: u64,
    pub(crate) last_sequence: u64,
    pub(crate) commands: Vec<StoredCommand>,
}

/// The commits of each account and each aircraft, in the order of their places.
pub(crate) type Streams = BTreeMap<AccountId, Vec<StoredCommit>>;

/// All rows of all views.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) ledgers: BTreeMap<String, Ledger>,
    pub(crate) totals: BTreeMap<String, Total>,
    pub(crate) transfers: BTreeMap<String, Transfer>,
    pub(crate) traffic: BTreeMap<String, Traffic>,
}

/// All that is known of a run.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) tries: Vec<Try>,
    pub(crate) streams: Streams,
    pub(crate) rows: Rows,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Violation {
    /// Which promise, in a word or two.
    pub(crate) kind: &'static str,
    /// What was found.
    pub(crate) what: String,
    /// What happened around it, in order.
    pub(crate) history: Vec<Value>,
}

impl Violation {
    fn new(kind: &'static str, what: String, history: Vec<Value>) -> Self {
        Self { kind, what, history }
    }
}

/// Every promise that was broken.
pub(crate) fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut found = streams::check(&evidence.streams);
    found.extend(ops::check(evidence));
    found.extend(order::check(evidence));
    found.extend(money::check(evidence));
    found.extend(views::check(evidence));
    found
}

/// A command in its stream, with its place.
pub(crate) struct Placed<'e> {
    pub(crate) account: &'e AccountId,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) commit: &'e StoredCommit,
    pub(crate) command: &'e StoredCommand,
}

impl Placed<'_> {
    fn show(&self) -> Value {
        let events: Vec<_> = self.command.events.iter().map(Event::show).collect();
        serde_json::json!({
            "stored": self.account, "first": self.first, "last": self.last,
            "command": self.command.id, "commit": self.commit.id, "events": events,
        })
    }
}

/// All commands of all streams, in order.
pub(crate) fn placed(streams: &Streams) -> impl Iterator<Item = Placed<'_>> {
    streams.iter().flat_map(|(account, commits)| {
        commits.iter().flat_map(move |commit| {
            let mut next = commit.sequence;
            commit.commands.iter().map(move |command| {
                let first = next;
                next += command.events.len() as u64;
                Placed { account, first, last: next - 1, commit, command }
            })
        })
    })
}

/// All tries of each command.
pub(crate) fn by_op(tries: &[Try]) -> BTreeMap<Uuid, Vec<&Try>> {
    let mut ops = BTreeMap::<_, Vec<_>>::new();
    for one in tries {
        ops.entry(one.op.id).or_default().push(one);
    }
    ops
}

/// For a violation's history.
fn shown(tries: &[&Try]) -> Vec<Value> {
    tries.iter().map(|one| serde_json::to_value(one).unwrap_or_default()).collect()
}
