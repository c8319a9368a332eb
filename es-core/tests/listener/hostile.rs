//! Whatever a feed does, the views end as if it had done nothing wrong.

use std::{sync::Arc, time::Duration};

use es_core::{
    app::App,
    feed::{FeedEvent, FeedPayload, FeedRecord},
    store::Commit,
};
use proptest::prelude::*;

use super::world::{Feed, Seen, Store, Sum, Views, record, until};

/// One record on its way: which commit, and what the feed makes of it.
#[derive(Clone, Debug)]
struct Delivery {
    pick: prop::sample::Index,
    as_hint: bool,
    partition: bool,
    ends_batch: bool,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    (any::<prop::sample::Index>(), prop::bool::weighted(0.1), any::<bool>(), prop::bool::weighted(0.3))
        .prop_map(|(pick, as_hint, partition, ends_batch)| Delivery { pick, as_hint, partition, ends_batch })
}

/// Batches of records for `deliveries`, and after them, in any order, the last commit of each aggregate: what a
/// feed loses for good without anything after it, only a comparison with the store could find.
fn batches(chains: &[Vec<Arc<Commit>>], deliveries: &[Delivery]) -> Vec<Vec<FeedRecord>> {
    let all: Vec<_> = chains.concat();
    let mut batches = vec![Vec::new()];
    let mut offsets = [0i64; 2];
    let mut put = |commit: &Arc<Commit>, delivery: Option<&Delivery>| {
        let partition = usize::from(delivery.is_some_and(|d| d.partition));
        let payload = match delivery {
            Some(Delivery { as_hint: true, .. }) => {
                FeedPayload::Hint { stream: commit.stream.clone(), sequence: commit.sequence }
            }
            _ => FeedPayload::Commit(commit.clone()),
        };
        let record = record(["p", "q"][partition], offsets[partition], payload);
        offsets[partition] += 1;
        if delivery.is_none_or(|d| d.ends_batch) {
            batches.push(Vec::new());
        }
        if let Some(batch) = batches.last_mut() {
            batch.push(record);
        }
    };
    deliveries.iter().for_each(|delivery| put(delivery.pick.get(&all), Some(delivery)));
    chains.iter().filter_map(|chain| chain.last()).for_each(|last| put(last, None));
    batches.retain(|batch| !batch.is_empty());
    batches
}

async fn ends_right(ticks: Vec<Vec<usize>>, deliveries: Vec<Delivery>, listeners: usize) {
    let (store, views) = (Store::default(), Views::default());
    let mut chains = Vec::new();
    for (at, ticks) in ticks.iter().enumerate() {
        chains.push(store.chain(&format!("a{at}"), ticks).await);
    }
    let batches = batches(&chains, &deliveries);
    let mut apps = Vec::new();
    for _ in 0..listeners {
        for feed in [Feed::assigned(&["p", "q"]), Feed::assigned(&["p", "q"])] {
            batches.iter().for_each(|batch| feed.put(FeedEvent::Records(batch.clone())));
            let builder = App::builder(store.clone()).change_feed(feed.clone());
            // Each App has both, but each of the two feeds serves one: a feed is a subscription.
            let app = match apps.len() % 2 {
                0 => builder.projection(Seen::default(), views.clone()).start().await.unwrap(),
                _ => builder.projection(Sum::default(), views.clone()).start().await.unwrap(),
            };
            apps.push((app, feed));
        }
    }
    for (app, feed) in &apps {
        until(async || feed.taken() == batches.len() + 1).await;
        app.caught_up(Duration::from_secs(60)).await.unwrap();
    }
    let seen = apps[0].0.views::<Seen>().unwrap();
    for (at, chain) in chains.iter().enumerate() {
        let last = chain.last().map_or(0, |commit| commit.last_sequence);
        assert_eq!(seen.get(&format!("a{at}")).await.unwrap().unwrap(), (1..=last).collect::<Vec<_>>());
    }
    let sum = apps[1].0.views::<Sum>().unwrap().get("all").await.unwrap();
    assert_eq!(sum, Some(ticks.iter().flatten().sum::<usize>() as u64));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Duplicated, reordered, lost and cut into batches in any way; one listener, or two that do not know of
    /// each other, as after a lost partition.
    #[test]
    fn a_hostile_feed_ends_in_the_same_view(
        ticks in proptest::collection::vec(proptest::collection::vec(1usize..3, 1..8), 1..4),
        deliveries in proptest::collection::vec(delivery(), 0..40),
        listeners in 1usize..3,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(ends_right(ticks, deliveries, listeners));
    }
}
