use std::{sync::atomic::Ordering, time::Duration};

use es_core::{
    feed::FeedPayload,
    listener::{ListenerState, Part},
};

use super::recorder::Kept;
use crate::{
    command::{FaultyStore, a_conflict_with},
    listener::world::{Seen, World, until},
};

/// docs/operations.md lists the metrics that there are, each with its unit, and no others.
#[tokio::test]
async fn the_page_lists_every_metric() {
    let kept = Kept::default();
    let _here = metrics::set_default_local_recorder(&kept);
    let _world = World::start().await;
    a_conflict_with(&FaultyStore::new()).await;
    let (names, units) = kept.names();
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md"));
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `es_")?.split_once('`'));
    let mut listed: Vec<_> = rows.clone().map(|(name, _)| format!("es_{name}")).collect();
    listed.sort();
    assert_eq!(listed, names);
    assert_eq!(units.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>(), "each is described");
    for (name, rest) in rows {
        let is_seconds = rest.contains("| seconds |");
        assert_eq!(is_seconds, units[&format!("es_{name}")] == metrics::Unit::Seconds, "{name}");
    }
}

#[tokio::test]
async fn a_listener_counts_what_it_does() {
    let kept = Kept::default();
    let _here = metrics::set_default_local_recorder(&kept);
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1, 1, 1]).await;
    world.feed.commit("p", 0, &chain[0]);
    world.feed.commit("p", 1, &chain[0]);
    // The second is lost; the third waits for it, and it comes from the store.
    world.feed.commit("p", 2, &chain[2]);
    assert_eq!(world.settled("a").await, [1, 2, 3, 4]);
    world.feed.record("p", 3, FeedPayload::Malformed { bytes: vec![1], reason: "?".into() });
    world.poison.add("b", 1);
    let poisoned = world.store.chain("b", &[1]).await;
    world.feed.commit("p", 4, &poisoned[0]);
    until(async || world.status().parked == 1).await;
    let count = |name: &str| kept.count(&format!("es_listener_{name}_total"));
    assert_eq!((count("applied"), count("fetched") >= 1, count("held") >= 1), (4, true, true));
    assert!(count("duplicates") >= 1);
    // Tried twice more before it is parked.
    assert_eq!((count("retries"), count("parked"), count("malformed")), (2, 1, 1));
    assert_eq!((world.status().retries, world.status().applied), (2, 4));
    let ages = kept.times("es_listener_commit_age_seconds");
    assert!(ages.len() == 4 && ages.iter().all(|age| (0.0..60.0).contains(age)), "{ages:?}");
    assert_eq!((world.status().unapplied, world.status().lag), (0, Duration::ZERO));
}

/// While the view database is away, commits wait and grow older; once it is back, nothing waits.
#[tokio::test]
async fn what_waits_shows_as_lag() {
    let kept = Kept::default();
    let _here = metrics::set_default_local_recorder(&kept);
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1]).await;
    world.views.failing.store(usize::MAX, Ordering::SeqCst);
    world.feed.commit("p", 0, &chain[0]);
    until(async || world.status().unapplied == 1).await;
    let is_waiting = || matches!(world.status().state, ListenerState::Waiting { on: Part::Views, .. });
    until(async || is_waiting()).await;
    until(async || world.status().lag > Duration::from_millis(50)).await;
    until(async || kept.gauge("es_listener_lag_seconds") > 0.01).await;
    assert_eq!(kept.gauge("es_listener_unapplied"), 1.0);
    world.views.failing.store(0, Ordering::SeqCst);
    world.feed.commit("p", 1, &chain[1]);
    assert_eq!(world.settled("a").await, [1, 2]);
    until(async || world.status().unapplied == 0).await;
    assert_eq!((kept.gauge("es_listener_unapplied"), kept.gauge("es_listener_lag_seconds")), (0.0, 0.0));
    assert_eq!(world.app.views::<Seen>().unwrap().get("a").await.unwrap().unwrap(), [1, 2]);
}

#[tokio::test]
async fn commands_count_conflicts_and_retries() {
    let kept = Kept::default();
    let _here = metrics::set_default_local_recorder(&kept);
    let store = FaultyStore::new();
    a_conflict_with(&store).await;
    let counts = ["commits", "commands_committed", "conflicts", "retries", "loads"];
    let counts = counts.map(|name| kept.count(&format!("es_{name}_total")));
    // The other process's App counts here too.
    assert_eq!(counts, [2, 2, 1, 1, 2]);
}
