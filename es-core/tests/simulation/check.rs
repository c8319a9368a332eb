//! What must be true in the end.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use es_core::{
    event::EventSet,
    listener::{ControlError, ListenerState},
    projection::ViewProjection,
    repository::Repository,
    store::{Commit, EventStore, StreamId, Version, check_chain},
};
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    bank::{ALL, Moved, Row, Statements, Total, Want, number, stream},
    lab::{Lab, Live, Operation, Outcome},
    plant::Plant,
    store::SimStore,
    views::SimViews,
};

type Broken = String;

/// How long views may take when nothing fails any more.
const QUIET: Duration = Duration::from_secs(90);

/// A command as it is stored: whose, from which event to which, and what.
struct Stored {
    account: u64,
    first: u64,
    last: u64,
    events: Vec<Moved>,
}

/// Sends again what nobody knows the outcome of, and what was acknowledged; then compares all there is.
pub async fn verdict(lab: &Lab) -> Result<(), Broken> {
    let live = lab.any().await;
    settle(lab, &live).await?;
    let streams = streams(lab).await?;
    let stored = commands(&streams)?;
    operations(lab, &stored)?;
    refusals(lab, &streams)?;
    money(lab, &streams)?;
    views::<Statements>(lab, &live, &streams, |account| account.to_string()).await?;
    views::<Total>(lab, &live, &streams, |_| ALL.to_owned()).await?;
    for live in lab.up() {
        listeners(&live)?;
    }
    let verified = live.views.verify().await.map_err(|error| format!("verify: {error}"))?;
    match verified.iter().find(|found| found.diverged > 0 || found.behind > 0) {
        Some(found) => Err(format!("verification says {found:?}")),
        None => Ok(()),
    }
}

/// Brings each operation to an end.
async fn settle(lab: &Lab, live: &Live) -> Result<(), Broken> {
    let mut number = 0;
    // There may be more of them with each one that is done.
    while number < lab.operations.lock().unwrap().len() {
        let operation = lab.operation(number);
        if operation.may_be_done() || operation.done().is_some() {
            let outcome = lab.send(live, number, Duration::from_secs(60)).await;
            match (outcome, operation.done()) {
                (Outcome::Done { version, duplicate: true }, Some(before)) if version == before => {}
                (outcome, Some(before)) => {
                    return Err(format!(
                        "a command is done once: operation {number} was done at {before}, and sent again it is {outcome:?}"
                    ));
                }
                (Outcome::Done { .. } | Outcome::Refused(_), None) => {}
                (outcome, None) => {
                    return Err(format!("an outcome is settled: operation {number} is {outcome:?} still"));
                }
            }
        }
        let Operation { ask, account, .. } = operation;
        let is_half = ask.want == Want::Go && lab.operation(number).done().is_some();
        let came = |other: &Operation| other.ask.want == Want::Come && other.ask.transfer == ask.transfer;
        if is_half && !lab.operations.lock().unwrap().iter().any(came) {
            let to = (account + 1) % lab.world.plan.accounts;
            lab.want(to, lab.ask(Want::Come, ask.amount, ask.transfer));
        }
        // The other half of a transfer that failed for good is asked for again.
        if ask.transfer > 0 && ask.want == Want::Come && lab.operation(number).done().is_none() {
            let outcome = lab.send(live, number, Duration::from_secs(60)).await;
            if !matches!(outcome, Outcome::Done { .. }) {
                return Err(format!("money is on its way for ever: operation {number} is {outcome:?}"));
            }
        }
        number += 1;
    }
    Ok(())
}

type Streams = BTreeMap<u64, Vec<Arc<Commit>>>;

/// The streams, each one chain.
async fn streams(lab: &Lab) -> Result<Streams, Broken> {
    let mut streams = Streams::new();
    for account in 0..lab.world.plan.accounts {
        let page = lab.world.commits.read(&stream(account), 1, usize::MAX).await.unwrap();
        let over = lab.world.has(Plant::Overwrites);
        let commits = page.commits.into_iter();
        let commits: Vec<_> = commits
            .map(|commit| if over { SimStore::written_over(&lab.over, commit) } else { commit })
            .collect();
        check_chain(&Version::EMPTY, &commits).map_err(|fork| fork.to_string())?;
        streams.insert(account, commits);
    }
    Ok(streams)
}

fn events(commit: &Commit) -> Result<Vec<Moved>, Broken> {
    let raw = commit.raw_events().map_err(|error| error.to_string())?;
    let decode =
        |raw: es_core::event::RawEvent<'_>| Moved::decode(raw.name, raw.version, commit.codec, raw.payload);
    raw.into_iter().map(decode).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// The commands in the streams, each once.
fn commands(streams: &Streams) -> Result<BTreeMap<Uuid, Stored>, Broken> {
    let mut stored = BTreeMap::new();
    for (account, commit) in
        streams.iter().flat_map(|(account, commits)| commits.iter().map(move |c| (*account, c)))
    {
        let events = events(commit)?;
        let mut from = 0;
        for command in commit.commands().map_err(|error| error.to_string())? {
            let count = usize::try_from(command.events).unwrap();
            let first = commit.sequence + from as u64;
            let (last, events) = (first + command.events - 1, events[from..from + count].to_vec());
            if stored.insert(command.id, Stored { account, first, last, events }).is_some() {
                return Err(format!("a command is done once: {} is stored twice", command.id));
            }
            from += count;
        }
    }
    Ok(stored)
}

/// What was told about each operation is what is stored.
fn operations(lab: &Lab, stored: &BTreeMap<Uuid, Stored>) -> Result<(), Broken> {
    let operations = lab.operations.lock().unwrap();
    for (number, operation) in operations.iter().enumerate() {
        let Operation { id, account, ask, floor, outcomes } = operation;
        let found = stored.get(id);
        let told = || format!("operation {number} on account {account}, {ask:?}, was told {outcomes:?}");
        let first_time = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::Done { duplicate: false, .. }))
            .count();
        for outcome in outcomes {
            let Outcome::Done { version, .. } = outcome else { continue };
            if found.is_none_or(|found| found.account != *account || found.last != *version) {
                return Err(format!("an acknowledged commit is not lost: {}", told()));
            }
        }
        let Some(found) = found else { continue };
        if found.events != ask.events() {
            return Err(format!("{}, and {:?} is stored", told(), found.events));
        }
        if first_time > 1 || (first_time == 0 && !operation.may_be_done()) {
            return Err(format!("what certainly failed is not stored: {}, and is stored", told()));
        }
        if found.first <= *floor {
            return Err(format!(
                "order: {}, when {floor} was acknowledged, and is at {}",
                told(),
                found.first
            ));
        }
    }
    match stored.keys().find(|id| !operations.iter().any(|operation| operation.id == **id)) {
        Some(id) => Err(format!("nobody sent {id}, and it is stored")),
        None => Ok(()),
    }
}

/// Each refusal names a state that there was.
fn refusals(lab: &Lab, streams: &Streams) -> Result<(), Broken> {
    let mut balances = BTreeMap::new();
    for (account, commits) in streams {
        let mut known = vec![0];
        for event in commits.iter().map(|commit| events(commit)).collect::<Result<Vec<_>, _>>()?.concat() {
            known.push(event.on(known[known.len() - 1]));
        }
        balances.insert(*account, known);
    }
    for (number, operation) in lab.operations.lock().unwrap().iter().enumerate() {
        for outcome in &operation.outcomes {
            let Outcome::Refused(refused) = outcome else { continue };
            let was = balances[&operation.account].get(usize::try_from(refused.events).unwrap());
            let enough = operation.ask.want == Want::Go && refused.balance >= operation.ask.amount;
            if was != Some(&refused.balance) || enough {
                return Err(format!(
                    "a reply is true: operation {number} was told {refused}, and it was {was:?}"
                ));
            }
        }
    }
    Ok(())
}

/// What there is came from outside.
fn money(lab: &Lab, streams: &Streams) -> Result<(), Broken> {
    let mut there = 0;
    for commit in streams.values().flatten() {
        there = events(commit)?.iter().fold(there, |there, event| event.on(there));
    }
    let operations = lab.operations.lock().unwrap();
    let came = operations.iter().filter(|o| o.ask.transfer == 0 && o.done().is_some()).map(|o| o.ask.amount);
    let came: u64 = came.sum();
    if there == came { Ok(()) } else { Err(format!("money: {came} came from outside, and {there} is there")) }
}

/// The views come to show what a fresh fold of the streams gives, and nobody does anything about it.
async fn views<P: ViewProjection<View = Row> + Clone>(
    lab: &Lab,
    live: &Live,
    streams: &Streams,
    key: impl Fn(u64) -> String,
) -> Result<(), Broken> {
    let mut due: BTreeMap<String, Row> = BTreeMap::new();
    for commit in streams.values().flatten() {
        let account = number(&commit.stream);
        for (sequence, event) in (commit.sequence..).zip(events(commit)?) {
            due.entry(key(account)).or_default().fold(&account.to_string(), sequence, &event);
        }
    }
    let rows = &lab.world.rows;
    let mut waited = Duration::ZERO;
    loop {
        let serving = Repository::<P>::generations(rows).await.unwrap().serving;
        let serving = Repository::<P>::at_generation(rows, serving).unwrap();
        unpark::<P>(lab, live, &SimViews { inner: serving.clone(), ..SimViews::new(&live.host) }).await?;
        let found = Repository::<P>::list(&serving, None, usize::MAX).await.unwrap();
        let found = found.into_iter().map(|(key, row)| (key, serde_json::from_slice(&row).unwrap()));
        let found: BTreeMap<String, Row> = found.collect();
        if found == due {
            return checkpoints::<P>(lab, &serving, streams).await;
        }
        if waited >= QUIET {
            return Err(format!("a view shows its streams: {} is {found:?}, and is to be {due:?}", P::NAME));
        }
        sleep(Duration::from_millis(500)).await;
        waited += Duration::from_millis(500);
    }
}

async fn checkpoints<P: ViewProjection + Clone>(
    lab: &Lab,
    serving: &es_core::repository::MemoryRepository,
    streams: &Streams,
) -> Result<(), Broken> {
    if lab.world.has(Plant::CheckpointApart) {
        return Ok(());
    }
    for (account, commits) in streams {
        let at = Repository::<P>::checkpoints(serving, &[stream(*account)]).await.unwrap().remove(0);
        let head = commits.last().map(|commit| (commit.last_sequence, Some(commit.id))).unwrap_or_default();
        if (at.applied, at.commit_id) != head {
            return Err(format!("{}: account {account} is at {at:?}, and ends at {head:?}", P::NAME));
        }
    }
    Ok(())
}

/// What has failed is set aside, and nothing else; it is taken up again.
async fn unpark<P: ViewProjection + Clone>(lab: &Lab, live: &Live, serving: &SimViews) -> Result<(), Broken> {
    for parked in Repository::<P>::parked(&serving.inner, usize::MAX).await.unwrap() {
        let StreamId { id, .. } = &parked.stream;
        let why = parked.checkpoint.parked.unwrap();
        if !lab.world.has_failed(P::NAME, id, why.sequence) {
            return Err(format!("{}: account {id} is set aside, and nothing failed: {why:?}", P::NAME));
        }
        let _one = live.seen.lock().await;
        match live.views.retry_parked::<P>(&parked.stream).await {
            Ok(()) | Err(ControlError::NotParked { .. } | ControlError::Superseded { .. }) => {}
            Err(error) => return Err(format!("{}: account {id} is not taken up again: {error}", P::NAME)),
        }
    }
    Ok(())
}

fn listeners(live: &Live) -> Result<(), Broken> {
    for status in live.views.projections() {
        if status.diverged > 0 || status.foreign > 0 || status.malformed > 0 {
            return Err(format!("process {}: {status:?}", live.host.number));
        }
        if let ListenerState::Stopped(reason) = &status.state {
            return Err(format!("process {}: {} has ended: {reason}", live.host.number, status.projection));
        }
    }
    Ok(())
}
