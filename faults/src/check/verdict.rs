//! Waits until all is quiet, settles what is open, and judges.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use event_sourcing::app::App;
use serde_json::{Value, json};

use super::{Evidence, Streams, Violation, by_op, check, gather::Witness, placed, views::fold};
use crate::{
    Failure,
    bank::{AccountEvent, Received, Sent},
    event::Event,
    history::{self, Journal, Op, Outcome, Try},
    listener::counted,
    place::{Place, at_last},
    resend,
    sender::Sender,
};

/// So long a view that is right has to stay right: nothing that is late may change it any more.
const CALM: Duration = Duration::from_secs(12);
/// Each so-manieth command that was done is sent once more.
const AGAIN: usize = 20;

/// Prints the report, as one line of JSON.
pub(crate) async fn run(place: Place, patience: u64) -> Result<(), Failure> {
    let patience = Duration::from_secs(patience);
    let begin = Instant::now();
    let witness = at_last("judge", async || Witness::new(&place).await).await;
    let behind = quiet(&witness, patience).await;
    let recovery = begin.elapsed();
    eprintln!("the views are at the ends of all streams after {recovery:?}; {} are not", behind.len());

    let store = at_last("event store", async || place.store().await).await;
    let journal = Journal::create(&place.histories(), "checker")?;
    let sender = Sender::new(App::builder(store).start().await?, journal, None);
    let tries = history::read(&place.histories(), "")?;
    let unknown = resend::open(&tries);
    let again: Vec<_> = done(&tries).into_iter().step_by(AGAIN).collect();
    settle(&sender, unknown.iter().chain(&again), patience).await?;
    let completed = complete(&sender, &witness, patience).await?;
    eprintln!("sent again: {} whose outcome was open, {} that were done", unknown.len(), again.len());

    let mut evidence = Evidence { tries: history::read(&place.histories(), "")?, ..Evidence::default() };
    evidence.streams = at_last("streams", async || witness.streams().await).await;
    let due = fold(&evidence.streams);
    until(patience, async || Ok(witness.rows().await? == due)).await;
    tokio::time::sleep(CALM).await;
    evidence.streams = at_last("streams", async || witness.streams().await).await;
    evidence.rows = at_last("rows", async || witness.rows().await).await;
    let mut violations = check(&evidence);
    if !behind.is_empty() {
        let what = format!("{} checkpoints did not come to the ends of their streams", behind.len());
        violations.push(Violation::new("views", what, behind.into_iter().map(Value::from).collect()));
    }
    let counts = counted(&place)?;
    if counts.parked + counts.foreign + counts.malformed + counts.diverged + counts.stopped > 0 {
        let what = "a listener set aggregates aside, met what contradicts the store, or ended".to_owned();
        violations.push(Violation::new("listeners", what, vec![serde_json::to_value(counts)?]));
    }
    let report = json!({
        "operations": operations(&evidence.tries),
        "commits": evidence.streams.values().map(Vec::len).sum::<usize>(),
        "events": evidence.rows.ledgers.values().map(|ledger| ledger.events).sum::<u64>(),
        "flights": due.traffic.values().map(|traffic| traffic.landed).sum::<u64>(),
        "transfers": { "begun": due.transfers.len(), "completed_by_the_checker": completed },
        "views": counts,
        "recovery_seconds": recovery.as_secs_f64(),
        "violations": violations,
    });
    println!("{report}");
    Ok(())
}

/// Waits until every checkpoint is at its stream's end. What is not, when patience ends.
async fn quiet(witness: &Witness, patience: Duration) -> Vec<String> {
    let mut behind = Vec::new();
    until(patience, async || {
        behind = witness.behind().await?;
        Ok(behind.is_empty())
    })
    .await;
    behind
}

/// Whether it came true while patience lasts. What fails is asked again.
async fn until(patience: Duration, mut is_so: impl AsyncFnMut() -> Result<bool, Failure>) -> bool {
    let begin = Instant::now();
    loop {
        match is_so().await {
            Ok(true) => return true,
            Ok(false) => {}
            Err(error) => eprintln!("judge: {error}; trying again"),
        }
        if begin.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn done(tries: &[Try]) -> Vec<Op> {
    let ops: BTreeMap<_, _> =
        tries.iter().filter(|one| one.is_done()).map(|one| (one.op.id, one.op.clone())).collect();
    ops.into_values().collect()
}

/// Sends them until each is done or refused, or patience with all of them ends.
async fn settle(sender: &Sender, ops: impl Iterator<Item = &Op>, patience: Duration) -> Result<(), Failure> {
    let begin = Instant::now();
    for op in ops {
        until(patience.saturating_sub(begin.elapsed()), async || {
            Ok(matches!(sender.send(op, 1).await?, Outcome::Done { .. } | Outcome::Refused { .. }))
        })
        .await;
    }
    Ok(())
}

/// Sends the second halves that are missing. How many.
async fn complete(sender: &Sender, witness: &Witness, patience: Duration) -> Result<usize, Failure> {
    let streams: Streams = at_last("streams", async || witness.streams().await).await;
    let mut halves = BTreeMap::new();
    let mut received = BTreeSet::new();
    for event in placed(&streams).flat_map(|placed| &placed.command.events) {
        match event {
            Event::Account(AccountEvent::Sent(Sent { transfer, to, amount })) => {
                halves.insert(*transfer, resend::receive(*transfer, to.clone(), *amount));
            }
            Event::Account(AccountEvent::Received(Received { transfer, .. })) => {
                received.insert(*transfer);
            }
            Event::Account(AccountEvent::Opened(_) | AccountEvent::Deposited(_)) | Event::Aircraft(_) => {}
        }
    }
    halves.retain(|transfer, _| !received.contains(transfer));
    settle(sender, halves.values(), patience).await?;
    Ok(halves.len())
}

/// Commands by what became of them.
fn operations(tries: &[Try]) -> Value {
    let (mut done, mut refused, mut failed, mut duplicates) = (0, 0, 0, 0);
    let (mut unknown, mut unanswered, mut settled) = (0, 0, 0);
    let ops = by_op(tries);
    for tries in ops.values() {
        let any = |which: fn(&Outcome) -> bool| {
            tries.iter().any(|one| one.reply.as_ref().is_some_and(|(_, outcome)| which(outcome)))
        };
        let is_done = any(|outcome| matches!(outcome, Outcome::Done { .. }));
        let was_unknown = any(|outcome| matches!(outcome, Outcome::Unknown(_)));
        let was_unanswered = tries.iter().any(|one| one.reply.is_none());
        unknown += u64::from(was_unknown);
        unanswered += u64::from(was_unanswered);
        settled += u64::from(is_done && (was_unknown || was_unanswered));
        duplicates += u64::from(any(|outcome| matches!(outcome, Outcome::Done { duplicate: true, .. })));
        if is_done {
            done += 1;
        } else if any(|outcome| matches!(outcome, Outcome::Refused { .. })) {
            refused += 1;
        } else if !was_unknown && !was_unanswered {
            failed += 1;
        }
    }
    json!({
        "commands": ops.len(), "tries": tries.len(), "acknowledged": done, "refused": refused,
        "certainly_failed": failed, "unknown_at_first": unknown, "unanswered_at_first": unanswered,
        "of_these_stored": settled, "acknowledged_again": duplicates,
    })
}
