//! What senders were told is so: done is stored, once, at that place; not done is not there; nothing else is.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Evidence, Placed, Violation, by_op, placed, shown};
use crate::{
    bank::{AccountEvent, Deposited, Opened, Received, Sent},
    event::Event,
    fleet::{AircraftEvent, Departed, Landed},
    history::{Op, Outcome, Try, Want},
};

pub(super) fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut stored = BTreeMap::<Uuid, Vec<Placed<'_>>>::new();
    for placed in placed(&evidence.streams) {
        stored.entry(placed.command.id).or_default().push(placed);
    }
    for (id, tries) in by_op(&evidence.tries) {
        let places = stored.remove(&id).unwrap_or_default();
        found.extend(judge(&tries, &places).into_iter().map(|(kind, what)| {
            let mut history = shown(&tries);
            history.extend(places.iter().map(Placed::show));
            let op = &tries[0].op;
            Violation::new(kind, format!("{}, command {id} ({:?}): {what}", op.account, op.want), history)
        }));
    }
    for (id, places) in stored {
        let what = format!("command {id} is stored, and nobody sent it");
        found.push(Violation::new("nobody's command", what, places.iter().map(Placed::show).collect()));
    }
    found
}

fn judge(tries: &[&Try], places: &[Placed<'_>]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let op = &tries[0].op;
    if let Some(other) = tries.iter().find(|one| one.op != *op) {
        found.push(("one command", format!("its id was sent with something else by {}", other.by)));
    }
    if places.len() > 1 {
        found.push(("exactly once", format!("it is stored {} times", places.len())));
    }
    if places.iter().any(|place| *place.account != op.account) {
        found.push(("exactly once", "it is in another account's stream".to_owned()));
    }
    if places.iter().any(|place| !is_wanted(op, &place.command.events)) {
        found.push(("what was asked for", "it is stored with other events".to_owned()));
    }
    let mut acknowledged = false;
    for one in tries {
        let Some((_, Outcome::Done { version, duplicate })) = &one.reply else { continue };
        acknowledged = true;
        if !places.iter().any(|place| place.last == *version) {
            let what = if places.is_empty() { "it is not stored" } else { "it is stored elsewhere" };
            found.push(("nothing acknowledged is lost", format!("acknowledged at {version}, {what}")));
        }
        let first_call = tries.iter().map(|one| one.call).min();
        if *duplicate && tries.len() == 1 && first_call == Some(one.call) {
            found
                .push(("a reply is true", "it was said to be done before, and never sent before".to_owned()));
        }
    }
    let certain = |one: &&Try| matches!(one.reply, Some((_, Outcome::Refused { .. } | Outcome::Not(_))));
    if !acknowledged && tries.iter().all(certain) && !places.is_empty() {
        found.push((
            "a reply is true",
            "every try certainly failed, it was said, and it is stored".to_owned(),
        ));
    }
    let is_known =
        |one: &&Try| matches!(one.reply, Some((_, Outcome::Done { .. } | Outcome::Refused { .. })));
    if !tries.iter().all(certain) && !tries.iter().any(is_known) {
        let what = "it was unknown what became of it, and is so after all was well again".to_owned();
        found.push(("unknown outcomes are settled", what));
    }
    found
}

fn is_wanted(op: &Op, events: &[Event]) -> bool {
    match (&op.want, events) {
        (Want::Open, [Event::Account(AccountEvent::Opened(Opened))]) => true,
        (Want::Deposit { amounts }, events) => {
            events.len() == amounts.len()
                && events.iter().zip(amounts).all(|(event, wanted)| {
                    matches!(event, Event::Account(AccountEvent::Deposited(Deposited { amount })) if amount == wanted)
                })
        }
        (Want::Send { transfer, to, amount }, [Event::Account(AccountEvent::Sent(sent))]) => {
            *sent == Sent { transfer: *transfer, to: to.clone(), amount: *amount }
        }
        (Want::Receive { transfer, amount }, [Event::Account(AccountEvent::Received(received))]) => {
            *received == Received { transfer: *transfer, amount: *amount }
        }
        (Want::Depart { row, carrier }, [Event::Aircraft(AircraftEvent::Departed(departed))]) => {
            *departed == Departed { row: *row, carrier: carrier.clone() }
        }
        (Want::Land { row, carrier }, [Event::Aircraft(AircraftEvent::Landed(landed))]) => {
            *landed == Landed { row: *row, carrier: carrier.clone() }
        }
        _ => false,
    }
}
