//! Whoever sends commands and reads views.

use std::{sync::Arc, time::Duration};

use es_core::{
    projection::ViewProjection,
    query::{QueryError, ReadToken},
};
use futures_util::future::join;
use tokio::time::sleep;

use super::{
    bank::{ALL, CATEGORY, Row, Statements, Total, Want},
    lab::{Lab, Live, Outcome},
};

/// One after the other, until there is nothing left to do.
pub async fn client(lab: Arc<Lab>) {
    let world = lab.world.clone();
    for _ in 0..world.plan.steps {
        sleep(Duration::from_millis(world.draw(|dice| dice.below(60)))).await;
        let account = world.draw(|dice| dice.below(world.plan.accounts));
        let amount = world.draw(|dice| dice.between(1, 9));
        if world.draw(|dice| dice.in_thousand(300)) {
            // As it is now.
            read(&lab, account, 0).await;
        }
        match world.draw(|dice| dice.below(11)) {
            0..5 => {
                let number = lab.want(account, lab.ask(Want::Come, amount, 0));
                attempts(&lab, number).await;
            }
            5..9 => {
                // The transfer's number is its first half's, which there is no other of.
                let transfer = lab.operations.lock().unwrap().len() as u64 + 1;
                let number = lab.want(account, lab.ask(Want::Go, amount, transfer));
                if attempts(&lab, number).await {
                    let to = world.draw(|dice| dice.below(world.plan.accounts));
                    let number = lab.want(to, lab.ask(Want::Come, amount, transfer));
                    attempts(&lab, number).await;
                }
            }
            _ => {
                let number = lab.want(account, lab.ask(Want::Look, 1, 0));
                attempts(&lab, number).await;
            }
        }
    }
}

/// Sends it, again while nobody knows what became of it, or somebody loses patience. Whether it is done.
async fn attempts(lab: &Lab, number: usize) -> bool {
    for _ in 0..lab.world.draw(|dice| dice.between(1, 4)) {
        let live = lab.any().await;
        let patience = lab.world.draw(|dice| dice.one_of(&[3, 50, 1000, 10_000, 10_000]));
        let patience = Duration::from_millis(patience);
        let outcome = if lab.world.draw(|dice| dice.in_thousand(100)) {
            // By two at once.
            let other = lab.any().await;
            let one = lab.send(&live, number, patience);
            join(one, lab.send(&other, number, patience)).await.0
        } else {
            lab.send(&live, number, patience).await
        };
        match outcome {
            Outcome::Done { version, .. } => {
                if lab.world.plan.watched && lab.world.draw(|dice| dice.in_thousand(500)) {
                    read(lab, lab.operation(number).account, version).await;
                }
                return true;
            }
            Outcome::Refused(_) => return false,
            Outcome::Failed | Outcome::Unknown => {}
        }
    }
    false
}

/// Reads what was written, in any process.
async fn read(lab: &Lab, account: u64, version: u64) {
    let live = lab.any().await;
    live.host.note("reads", account, version);
    let token = ReadToken::new(CATEGORY, account.to_string(), version);
    let within = Duration::from_millis(lab.world.draw(|dice| dice.one_of(&[1, 100, 1000, 5000])));
    let read = async {
        let mut seen = live.seen.lock().await;
        if lab.world.draw(|dice| dice.in_thousand(500)) {
            row::<Statements>(lab, &live, token, within, &account.to_string(), account, &mut seen).await
        } else {
            row::<Total>(lab, &live, token, within, ALL, account, &mut seen).await
        }
    };
    let Some(read) = live.host.outlived(read).await else { return };
    match read {
        Ok(Some(last)) if last < version => lab.world.broken(format!(
            "a view that was waited for shows account {account} up to {last}, not {version}"
        )),
        Ok(Some(_)) => live.host.note("has read", account, version),
        // Parked, or late.
        Ok(None)
        | Err(QueryError::Behind { .. } | QueryError::Stopped { .. } | QueryError::Repository(_)) => {
            live.host.note("has not read", account, version);
        }
        Err(error) => lab.world.broken(format!("a view cannot be read: {error}")),
    }
}

type Seen = std::collections::BTreeMap<(&'static str, String), u64>;

/// Up to where a row shows an account, once it was to show `token`; none where the view has set that aside.
async fn row<P: ViewProjection<View = Row, Key = str>>(
    lab: &Lab,
    live: &Live,
    token: ReadToken,
    within: Duration,
    key: &str,
    account: u64,
    seen: &mut Seen,
) -> Result<Option<u64>, QueryError> {
    let views = live.views.views_after::<P>(token.within(within)).await?;
    let row = views.get(key).await?.unwrap_or_default();
    row.last.iter().for_each(|(account, last)| lab.show(account.parse().unwrap(), *last));
    let before = seen.insert((P::NAME, key.to_owned()), row.events).unwrap_or_default();
    let world = &live.host.world;
    if row.events < before {
        world.broken(format!(
            "a read steps back: `{key}` of {} has {} events in process {}, which saw {before} before",
            P::NAME,
            row.events,
            live.host.number
        ));
    }
    let last = row.last.get(&account.to_string()).copied().unwrap_or_default();
    let is_parked = world.any_failed(P::NAME, account);
    Ok((!is_parked).then_some(last))
}
