//! Each breach, planted in evidence that has none, is found.

use uuid::Uuid;

use super::*;
use crate::{
    bank::{Deposited, Opened, Received, Sent},
    fleet::{AircraftEvent, Departed, Landed},
    history::{Op, Outcome, Want},
    resend::half,
};

const TRANSFER: Uuid = Uuid::from_u128(77);

fn op(id: u128, account: &str, want: Want) -> Op {
    Op { id: Uuid::from_u128(id), account: account.to_owned(), want }
}

fn deposit(id: u128, account: &str, amounts: &[u64]) -> Op {
    op(id, account, Want::Deposit { amounts: amounts.to_vec() })
}

fn done(version: u64) -> Outcome {
    Outcome::Done { version, duplicate: false }
}

fn sent(call: u64, reply: u64, op: Op, outcome: Outcome) -> Try {
    Try { by: "commands1-1".to_owned(), op, call, reply: Some((reply, outcome)) }
}

fn commit(id: u128, parent: u128, sequence: u64, commands: Vec<(Uuid, Vec<Event>)>) -> StoredCommit {
    let events: usize = commands.iter().map(|(_, events)| events.len()).sum();
    let commands = commands.into_iter().map(|(id, events)| StoredCommand { id, events }).collect();
    let parent = (parent > 0).then(|| Uuid::from_u128(parent));
    StoredCommit {
        id: Uuid::from_u128(id),
        parent,
        sequence,
        last_sequence: sequence + events as u64 - 1,
        commands,
    }
}

fn deposits(id: u128, amounts: &[u64]) -> (Uuid, Vec<Event>) {
    let events = amounts.iter().map(|amount| Deposited { amount: *amount }.into()).collect();
    (Uuid::from_u128(id), events)
}

fn leg(number: u8) -> Want {
    let carrier = "UA".to_owned();
    if number == 0 { Want::Depart { row: 7, carrier } } else { Want::Land { row: 7, carrier } }
}

fn flown(row: u32) -> Vec<(Uuid, Vec<Event>)> {
    let carrier = "UA".to_owned();
    let departed: AircraftEvent = Departed { row: 7, carrier: carrier.clone() }.into();
    let landed: AircraftEvent = Landed { row, carrier }.into();
    vec![
        (Uuid::from_u128(11), vec![Event::Aircraft(departed)]),
        (Uuid::from_u128(12), vec![Event::Aircraft(landed)]),
    ]
}

/// Two accounts, a transfer, a refusal, an outcome that was unknown and turned out to be stored, one that was not, a
/// command that was sent twice, one that certainly failed, and a flight.
fn good() -> Evidence {
    let send = |id: Uuid, amount| Op {
        id,
        account: "ann".to_owned(),
        want: Want::Send { transfer: TRANSFER, to: "bob".to_owned(), amount },
    };
    let receive = Op {
        id: half(TRANSFER, "receive"),
        account: "bob".to_owned(),
        want: Want::Receive { transfer: TRANSFER, amount: 30 },
    };
    let unanswered = |call, op| Try { by: "commands2-1".to_owned(), op, call, reply: None };
    let unknown = || Outcome::Unknown("timeout".to_owned());
    let tries = vec![
        sent(1, 2, op(1, "ann", Want::Open), done(1)),
        sent(1, 3, op(2, "bob", Want::Open), done(1)),
        sent(4, 6, deposit(3, "ann", &[50, 60]), done(3)),
        sent(7, 9, deposit(3, "ann", &[50, 60]), Outcome::Done { version: 3, duplicate: true }),
        sent(10, 12, send(Uuid::from_u128(4), 500), Outcome::Refused { balance: 110, events: 3 }),
        sent(13, 15, send(half(TRANSFER, "send"), 30), done(4)),
        sent(16, 20, receive.clone(), unknown()),
        sent(21, 23, receive, Outcome::Done { version: 2, duplicate: true }),
        unanswered(24, deposit(5, "bob", &[5])),
        sent(40, 41, deposit(5, "bob", &[5]), done(3)),
        sent(25, 26, deposit(6, "bob", &[7]), Outcome::Not("no node".to_owned())),
        sent(27, 30, send(Uuid::from_u128(8), 400), unknown()),
        sent(43, 44, send(Uuid::from_u128(8), 400), Outcome::Refused { balance: 80, events: 4 }),
        sent(1, 2, op(11, "N1", leg(0)), done(1)),
        sent(3, 4, op(12, "N1", leg(1)), done(2)),
    ];
    let sent_event = Sent { transfer: TRANSFER, to: "bob".to_owned(), amount: 30 };
    let received = Received { transfer: TRANSFER, amount: 30 };
    let ann = vec![
        commit(101, 0, 1, vec![(Uuid::from_u128(1), vec![Opened.into()])]),
        commit(102, 101, 2, vec![deposits(3, &[50, 60])]),
        commit(103, 102, 4, vec![(half(TRANSFER, "send"), vec![sent_event.into()])]),
    ];
    let bob = vec![
        commit(201, 0, 1, vec![(Uuid::from_u128(2), vec![Opened.into()])]),
        commit(202, 201, 2, vec![(half(TRANSFER, "receive"), vec![received.into()]), deposits(5, &[5])]),
    ];
    let aircraft = vec![commit(301, 0, 1, flown(7))];
    let streams =
        Streams::from([("ann".to_owned(), ann), ("bob".to_owned(), bob), ("N1".to_owned(), aircraft)]);
    let rows = views::fold(&streams);
    Evidence { tries, streams, rows }
}

/// What is found after a change. The views are those of the changed streams.
fn after(change: impl FnOnce(&mut Evidence)) -> Vec<&'static str> {
    let mut evidence = good();
    change(&mut evidence);
    evidence.rows = views::fold(&evidence.streams);
    kinds(&evidence)
}

fn kinds(evidence: &Evidence) -> Vec<&'static str> {
    let mut kinds: Vec<_> = check(evidence).iter().map(|violation| violation.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn ann(evidence: &mut Evidence) -> &mut Vec<StoredCommit> {
    evidence.streams.get_mut("ann").unwrap()
}

fn bob(evidence: &mut Evidence) -> &mut Vec<StoredCommit> {
    evidence.streams.get_mut("bob").unwrap()
}

#[test]
fn a_run_in_which_all_went_well_has_no_violation() {
    assert_eq!(check(&good()), []);
    assert_eq!(check(&Evidence::default()), []);
}

#[test]
fn an_acknowledged_commit_that_is_lost() {
    let found = after(|evidence| drop(ann(evidence).pop()));
    assert!(found.contains(&"nothing acknowledged is lost") && found.contains(&"money"), "{found:?}");
    // Its account, too.
    let found = after(|evidence| drop(evidence.streams.remove("ann")));
    assert!(found.contains(&"nothing acknowledged is lost"), "{found:?}");
}

#[test]
fn a_command_that_is_stored_twice() {
    let found = after(|evidence| ann(evidence).push(commit(104, 103, 5, vec![deposits(3, &[50, 60])])));
    assert!(found.contains(&"exactly once") && found.contains(&"money"), "{found:?}");
    // Also one whose outcome was unknown, which was told once.
    let found = after(|evidence| bob(evidence).push(commit(203, 202, 4, vec![deposits(5, &[5])])));
    assert!(found.contains(&"exactly once"), "{found:?}");
}

#[test]
fn a_command_in_another_account() {
    let found = after(|evidence| {
        let command = bob(evidence)[1].commands.pop().unwrap();
        bob(evidence)[1].last_sequence = 2;
        let commit = commit(104, 103, 5, Vec::new());
        ann(evidence).push(StoredCommit { commands: vec![command], last_sequence: 5, ..commit });
    });
    assert!(found.contains(&"exactly once"), "{found:?}");
}

#[test]
fn a_commit_that_is_missing_in_the_middle() {
    let found = after(|evidence| drop(ann(evidence).remove(1)));
    assert!(found.contains(&"gapless") && found.contains(&"one chain"), "{found:?}");
}

#[test]
fn a_stream_that_forked() {
    assert_eq!(after(|evidence| ann(evidence)[2].parent = Some(Uuid::from_u128(9))), ["one chain"]);
    assert_eq!(after(|evidence| bob(evidence)[0].id = Uuid::from_u128(101)), ["one chain"]);
}

#[test]
fn a_commit_with_fewer_events_than_places() {
    let found = after(|evidence| ann(evidence)[2].last_sequence = 5);
    assert_eq!(found, ["gapless"]);
}

#[test]
fn what_was_refused_or_certainly_failed_and_is_stored() {
    let failed = after(|evidence| bob(evidence).push(commit(203, 202, 4, vec![deposits(6, &[7])])));
    assert!(failed.contains(&"a reply is true"), "{failed:?}");
    let refused = after(|evidence| {
        evidence.tries.push(sent(
            50,
            51,
            deposit(9, "bob", &[1]),
            Outcome::Refused { balance: 0, events: 0 },
        ));
        bob(evidence).push(commit(203, 202, 4, vec![deposits(9, &[1])]));
    });
    assert!(refused.contains(&"a reply is true"), "{refused:?}");
}

#[test]
fn a_command_that_nobody_sent() {
    let found = after(|evidence| bob(evidence).push(commit(203, 202, 4, vec![deposits(99, &[1])])));
    assert!(found.contains(&"nobody's command"), "{found:?}");
}

#[test]
fn a_command_stored_with_other_events() {
    let found = after(|evidence| {
        ann(evidence)[1].commands[0].events[1] = Deposited { amount: 61 }.into();
    });
    assert!(found.contains(&"what was asked for") && found.contains(&"money"), "{found:?}");
}

/// The state says which flight it was.
#[test]
fn a_landing_that_was_decided_on_another_flight() {
    let found = after(|evidence| {
        evidence.streams.insert("N1".to_owned(), vec![commit(301, 0, 1, flown(6))]);
    });
    assert_eq!(found, ["what was asked for"]);
}

#[test]
fn an_outcome_that_nobody_ever_knew() {
    let found = after(|evidence| evidence.tries.retain(|one| one.call != 43));
    assert_eq!(found, ["unknown outcomes are settled"]);
}

#[test]
fn a_duplicate_of_nothing() {
    let outcome = Outcome::Done { version: 4, duplicate: true };
    let found = after(|evidence| {
        let only = evidence.tries.iter_mut().find(|one| one.call == 13).unwrap();
        only.reply = Some((15, outcome));
    });
    assert_eq!(found, ["a reply is true"]);
}

#[test]
fn what_was_acknowledged_before_comes_after() {
    // The deposit at 2 and 3 was over at 6: say that the sending at 4 was over before.
    let found = after(|evidence| {
        let one = evidence.tries.iter_mut().find(|one| one.call == 13).unwrap();
        (one.call, one.reply) = (2, Some((3, done(4))));
    });
    assert_eq!(found, ["order"]);
}

#[test]
fn a_refusal_on_a_state_of_the_past() {
    // What was sent away was over at 15, and this one began later.
    let op = op(10, "ann", Want::Send { transfer: Uuid::from_u128(1), to: "bob".to_owned(), amount: 5000 });
    let stale = sent(60, 61, op.clone(), Outcome::Refused { balance: 110, events: 3 });
    assert_eq!(after(|evidence| evidence.tries.push(stale)), ["order"]);
    let never = sent(60, 61, op, Outcome::Refused { balance: 81, events: 4 });
    assert_eq!(after(|evidence| evidence.tries.push(never)), ["a reply is true"]);
}

#[test]
fn money_on_its_way_for_ever_and_money_from_nowhere() {
    let found = after(|evidence| {
        bob(evidence)[1] = commit(202, 201, 2, vec![deposits(5, &[5])]);
        evidence.tries.retain(|one| !matches!(one.op.want, Want::Receive { .. }));
    });
    assert!(found.contains(&"money"), "{found:?}");
    let found = after(|evidence| {
        let events = vec![Received { transfer: Uuid::from_u128(5), amount: 1 }.into()];
        bob(evidence).push(commit(203, 202, 4, vec![(Uuid::from_u128(55), events)]));
    });
    assert!(found.contains(&"money"), "{found:?}");
}

#[test]
fn a_view_that_is_wrong() {
    type Plant = fn(&mut Rows);
    let plants: [Plant; 8] = [
        |rows| rows.ledgers.get_mut("ann").unwrap().balance += 1,
        // Right in sum, and in another order.
        |rows| rows.ledgers.get_mut("ann").unwrap().digest ^= 1,
        |rows| rows.ledgers.retain(|key, _| key != "bob"),
        |rows| {
            rows.ledgers.insert("eve".to_owned(), Ledger::default());
        },
        |rows| rows.totals.get_mut("all").unwrap().events += 1,
        |rows| rows.totals.clear(),
        |rows| rows.traffic.get_mut("UA").unwrap().landed += 1,
        |rows| rows.transfers.get_mut(&TRANSFER.to_string()).unwrap().received = 60,
    ];
    for plant in plants {
        let mut evidence = good();
        plant(&mut evidence.rows);
        assert_eq!(kinds(&evidence), ["views"]);
    }
}

#[test]
fn a_violation_shows_what_led_to_it() {
    let mut evidence = good();
    ann(&mut evidence).push(commit(104, 103, 5, vec![deposits(3, &[50, 60])]));
    let violations = check(&evidence);
    let twice = violations.iter().find(|violation| violation.kind == "exactly once").unwrap();
    // Both sendings, both places.
    assert_eq!(twice.history.len(), 4, "{twice:?}");
    assert!(twice.what.contains("ann") && twice.what.contains(&Uuid::from_u128(3).to_string()), "{twice:?}");
}
