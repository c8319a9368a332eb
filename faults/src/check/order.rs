//! What was over before something began comes before it in the stream; a refusal was decided on a state that was the
//! head at some moment between its call and its reply.
//!
//! The order of the writes is the stream's, and a refusal says how many events it was decided on. So there is nothing
//! to search: all is in order if nothing that was over comes, in the stream, after what began later.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::{Evidence, Placed, Violation, by_op, placed, shown};
use crate::history::{Outcome, Try, Want};

/// A place in the stream's order: of a write's last event, or right behind the last event that a refusal saw.
type Place = (u64, u8);

struct Event<'e> {
    call: u64,
    /// When it was certainly over, if ever.
    over: Option<u64>,
    place: Place,
    tries: Vec<&'e Try>,
}

pub(super) fn check(evidence: &Evidence) -> Vec<Violation> {
    let stored: BTreeMap<Uuid, Placed<'_>> =
        placed(&evidence.streams).map(|placed| (placed.command.id, placed)).collect();
    let mut accounts = BTreeMap::<&str, Vec<Event<'_>>>::new();
    let mut found = Vec::new();
    for (id, tries) in by_op(&evidence.tries) {
        let account = accounts.entry(&tries[0].op.account).or_default();
        for one in &tries {
            let Some((reply, Outcome::Refused { balance, events })) = &one.reply else { continue };
            account.push(Event { call: one.call, over: Some(*reply), place: (*events, 1), tries: vec![one] });
            found.extend(untrue(evidence, one, *balance, *events));
        }
        if let Some(placed) = stored.get(&id) {
            let call = tries.iter().map(|one| one.call).min().unwrap_or(0);
            let done = |one: &&Try| match &one.reply {
                Some((at, Outcome::Done { .. })) => Some(*at),
                _ => None,
            };
            let over = tries.iter().filter_map(done).min();
            account.push(Event { call, over, place: (placed.last, 0), tries });
        }
    }
    found.extend(accounts.into_iter().filter_map(|(account, events)| in_order(account, events)));
    found
}

/// A refusal whose state there never was, or which had enough.
fn untrue(evidence: &Evidence, one: &Try, balance: u64, events: u64) -> Option<Violation> {
    let Want::Send { amount, .. } = one.op.want else { return None };
    let commits = evidence.streams.get(&one.op.account).map_or(&[][..], Vec::as_slice);
    let stream = commits.iter().flat_map(|commit| &commit.commands).flat_map(|command| &command.events);
    let (mut then, mut count) = (0_u64, 0_u64);
    for event in stream.take(usize::try_from(events).unwrap_or(usize::MAX)) {
        let (amount_in, amount_out) = event.amounts();
        then = then.wrapping_add(amount_in).wrapping_sub(amount_out);
        count += 1;
    }
    if (then, count) == (balance, events) && balance < amount {
        return None;
    }
    let what = format!(
        "{}: refused {amount}, with a balance of {balance} after {events} events; it was {then} after {count}",
        one.op.account
    );
    Some(Violation::new("a reply is true", what, shown(&[one])))
}

/// Goes through time, and holds each call against the latest place of all that was over before it.
fn in_order(account: &str, mut events: Vec<Event<'_>>) -> Option<Violation> {
    events.sort_by_key(|event| event.call);
    let mut over: Vec<_> = events.iter().filter_map(|event| Some((event.over?, event))).collect();
    over.sort_by_key(|(at, _)| *at);
    let mut over = over.into_iter().peekable();
    let mut latest: Option<&Event<'_>> = None;
    for event in &events {
        while let Some((_, ended)) = over.next_if(|(at, _)| *at < event.call) {
            if latest.is_none_or(|latest| latest.place < ended.place) {
                latest = Some(ended);
            }
        }
        if let Some(earlier) = latest.filter(|latest| event.place < latest.place) {
            let history: Vec<Value> = [shown(&earlier.tries), shown(&event.tries)].concat();
            let what = format!(
                "{account}: {:?} was over before {:?} began, and comes after it in the stream, {} after {}",
                earlier.tries[0].op.want, event.tries[0].op.want, earlier.place.0, event.place.0
            );
            return Some(Violation::new("order", what, history));
        }
    }
    None
}
