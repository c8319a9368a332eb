//! Every view shows what a fold of the streams shows.

use std::{collections::BTreeMap, fmt::Debug};

use serde_json::json;

use super::{Evidence, Rows, Streams, Violation};
use crate::{bank::AccountEvent, event::Event, views::ALL};

/// The rows that there should be.
pub(crate) fn fold(streams: &Streams) -> Rows {
    let mut rows = Rows::default();
    for (account, commits) in streams {
        for commit in commits {
            let events = commit.commands.iter().flat_map(|command| &command.events);
            for (sequence, event) in (commit.sequence..).zip(events) {
                let event = match event {
                    Event::Account(event) => event,
                    Event::Aircraft(event) => {
                        let carrier = event.carrier().to_owned();
                        rows.traffic.entry(carrier).or_default().fold(account, sequence, event);
                        continue;
                    }
                };
                rows.ledgers.entry(account.clone()).or_default().fold(sequence, event);
                rows.totals.entry(ALL.to_owned()).or_default().fold(account, sequence, event);
                let mut transfer = |id: &uuid::Uuid, sent, received| {
                    let row = rows.transfers.entry(id.to_string()).or_default();
                    row.sent += sent;
                    row.received += received;
                    row.events += 1;
                };
                match event {
                    AccountEvent::Sent(e) => transfer(&e.transfer, e.amount, 0),
                    AccountEvent::Received(e) => transfer(&e.transfer, 0, e.amount),
                    AccountEvent::Opened(_) | AccountEvent::Deposited(_) => {}
                }
            }
        }
    }
    rows
}

pub(super) fn check(evidence: &Evidence) -> Vec<Violation> {
    let due = fold(&evidence.streams);
    let mut found = compare("ledgers", &due.ledgers, &evidence.rows.ledgers);
    found.extend(compare("totals", &due.totals, &evidence.rows.totals));
    found.extend(compare("transfers", &due.transfers, &evidence.rows.transfers));
    found.extend(compare("traffic", &due.traffic, &evidence.rows.traffic));
    found
}

fn compare<V: Debug + PartialEq>(
    view: &str,
    due: &BTreeMap<String, V>,
    shown: &BTreeMap<String, V>,
) -> Vec<Violation> {
    let keys: std::collections::BTreeSet<_> = due.keys().chain(shown.keys()).collect();
    let wrong = keys.into_iter().filter(|key| due.get(*key) != shown.get(*key));
    let violation = |key: &String| {
        let history = vec![json!({
            "due": format!("{:?}", due.get(key)), "shown": format!("{:?}", shown.get(key)),
        })];
        Violation::new("views", format!("{view}, row `{key}`: not what the streams show"), history)
    };
    wrong.map(violation).collect()
}
