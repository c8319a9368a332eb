//! What happens to the processes and the feed while commands are on their way.

use std::{sync::Arc, time::Duration};

use es_core::{projection::ViewProjection, repository::Repository};
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::{
    bank::{Statements, Total, number, stream},
    feed::Log,
    lab::{Lab, Live},
    plant::Plant,
    world::{Blow, Reach},
};

/// After so many there are no more: processes that always stand still, say, would never be done.
const MOST_BLOWS: u64 = 100;

/// Blow after blow, until the clients are done and there is calm; then all processes are up.
pub async fn chaos(lab: Arc<Lab>) {
    let world = lab.world.clone();
    let slots = 0..lab.slots.len();
    join_all(slots.clone().map(|number| lab.start(number))).await;
    let mut returning = Vec::new();
    let mut blows = 0..MOST_BLOWS;
    while !world.is_calm() {
        sleep(Duration::from_millis(world.draw(|dice| dice.between(5, world.plan.blows)))).await;
        if world.is_calm() {
            break;
        }
        if world.plan.kinds.is_empty() || blows.next().is_none() {
            continue;
        }
        let blow = world.draw(|dice| dice.one_of(&world.plan.kinds));
        let number = world.draw(|dice| dice.below(lab.slots.len() as u64)) as usize;
        let Some(live) = lab.slot(number) else { continue };
        match blow {
            Blow::Kill => {
                live.host.kill();
                returning.push(leaves(&lab, number, Leave::Killed(live)));
            }
            Blow::Drop => returning.push(leaves(&lab, number, Leave::Dropped)),
            Blow::Shutdown => returning.push(leaves(&lab, number, Leave::Shutdown(live))),
            Blow::Freeze => {
                live.host.freeze(Duration::from_millis(world.draw(|dice| dice.between(20, 6000))));
                if world.draw(|dice| dice.in_thousand(700)) {
                    world.log.rebalance();
                }
            }
            Blow::Rebalance => world.log.rebalance(),
            Blow::Replay => Log::replay(&world),
            Blow::Truncate => world.log.truncate(&world),
            Blow::Outage => {
                let what = world.draw(|dice| dice.one_of(&[Reach::Store, Reach::Views, Reach::Feed]));
                world.cut_off(what, Duration::from_millis(world.draw(|dice| dice.between(10, 4000))));
            }
            Blow::Rebuild if world.draw(|dice| dice.in_thousand(500)) => rebuild::<Statements>(&lab, live),
            Blow::Rebuild => rebuild::<Total>(&lab, live),
            Blow::Verify => {
                tokio::spawn(async move {
                    live.host.note("verifies", 0, 0);
                    // It may fail as anything may.
                    let _ = live.host.outlived(live.views.verify()).await;
                });
            }
            Blow::TakeUp if world.draw(|dice| dice.in_thousand(500)) => take_up::<Statements>(live),
            Blow::TakeUp => take_up::<Total>(live),
            Blow::CatchUp => {
                tokio::spawn(catch_up(lab.clone(), live));
            }
        }
    }
    for live in lab.up() {
        live.host.thaw();
    }
    join_all(returning).await;
}

enum Leave {
    Killed(Arc<Live>),
    Dropped,
    Shutdown(Arc<Live>),
}

/// A process goes, and comes back after a while.
fn leaves(lab: &Arc<Lab>, number: usize, how: Leave) -> tokio::task::JoinHandle<()> {
    *lab.slots[number].lock().unwrap() = None;
    let lab = lab.clone();
    tokio::spawn(async move {
        let world = &lab.world;
        let pause = Duration::from_millis(world.draw(|dice| dice.between(1, 1500)));
        match how {
            Leave::Killed(live) => {
                sleep(pause).await;
                // By now the broker misses it. What the process had goes, and does nothing.
                world.log.rebalance();
                drop(live);
            }
            Leave::Dropped => {
                world.note(number + 1, "is dropped", 0, 0);
                sleep(pause).await;
            }
            Leave::Shutdown(live) => {
                live.host.note("shuts down", 0, 0);
                let ended = timeout(Duration::from_secs(60), live.views.shutdown()).await;
                if ended.is_err() {
                    world.broken(format!("process {} does not shut down within a minute", number + 1));
                }
                live.host.note("is shut down", 0, 0);
            }
        }
        lab.start(number).await;
    })
}

/// Builds views anew, perhaps not to the end.
fn rebuild<P: ViewProjection>(lab: &Lab, live: Arc<Live>) {
    let world = &lab.world;
    // It moves one of the two places only.
    if world.has(Plant::CheckpointApart) {
        return;
    }
    let patience = Duration::from_millis(world.draw(|dice| dice.one_of(&[200, 3000, 60_000])));
    tokio::spawn(async move {
        live.host.note("rebuilds", 0, 0);
        let rebuilt = live.host.outlived(timeout(patience, live.views.rebuild::<P>(|_| ()))).await;
        live.host.note("has rebuilt", 0, u64::from(matches!(rebuilt, Some(Ok(Ok(_))))));
    });
}

/// Takes up what is set aside, whatever it was for.
fn take_up<P: ViewProjection>(live: Arc<Live>) {
    tokio::spawn(async move {
        let Some(Ok(parked)) = live.host.outlived(live.views.parked::<P>(1)).await else { return };
        for aggregate in parked {
            live.host.note_of(P::NAME, "takes up", number(&aggregate.stream), 0);
            // It may be parked again.
            let _one = live.seen.lock().await;
            let retry = timeout(Duration::from_secs(5), live.views.retry_parked::<P>(&aggregate.stream));
            let _ = live.host.outlived(retry).await;
        }
    });
}

/// Waits for all views to show what was acknowledged before.
async fn catch_up(lab: Arc<Lab>, live: Arc<Live>) {
    let acknowledged = lab.acknowledged();
    let within = Duration::from_millis(lab.world.draw(|dice| dice.between(100, 5000)));
    // One wait at a time, as with reads.
    let caught_up = async {
        let _one = live.seen.lock().await;
        live.views.caught_up(within).await
    };
    let Some(Ok(())) = live.host.outlived(caught_up).await else { return };
    live.host.note("is caught up", 0, 0);
    for (account, sequence) in acknowledged {
        shows::<Statements>(&lab, account, sequence).await;
        shows::<Total>(&lab, account, sequence).await;
    }
}

async fn shows<P: ViewProjection>(lab: &Lab, account: u64, sequence: u64) {
    let rows = &lab.world.rows;
    let serving = Repository::<P>::generations(rows).await.unwrap().serving;
    let serving = Repository::<P>::at_generation(rows, serving).unwrap();
    let at = Repository::<P>::checkpoints(&serving, &[stream(account)]).await.unwrap().remove(0);
    if at.applied < sequence && at.parked.is_none() && !lab.world.any_failed(P::NAME, account) {
        lab.world
            .broken(format!("{} is caught up, and has account {account} at {at:?}, not {sequence}", P::NAME));
    }
}
