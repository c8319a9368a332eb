//! Records are hints: duplicates, gaps, and records that contradict the store.

use std::sync::{Arc, atomic::Ordering};

use es_core::{
    feed::{FeedEvent, FeedPayload},
    listener::ControlError,
    store::{EventStore, Version},
};

use super::world::{World, commit, record, stream, until};

#[tokio::test]
async fn what_is_there_is_dropped_and_what_is_next_is_applied() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 2, 1]).await;
    for (offset, at) in [0, 0, 1, 0, 1, 2, 2].into_iter().enumerate() {
        world.feed.commit("p", offset as i64, &chain[at]);
    }
    assert_eq!(world.settled("a").await, [1, 2, 3, 4]);
    until(async || world.status().duplicates == 4).await;
    assert_eq!((world.status().applied, world.status().fetched), (3, 0));
    assert_eq!(world.store.reads.load(Ordering::SeqCst), 0, "nothing was missing");
}

#[tokio::test]
async fn what_comes_too_early_waits_for_what_it_follows() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1, 1]).await;
    let late = world.store.chain("b", &[1, 1]).await;
    // All in one batch, in the worst order.
    let commits = [&chain[2], &late[1], &chain[1], &chain[0], &late[0]];
    let records = commits.iter().zip(0..).map(|(c, at)| record("p", at, FeedPayload::Commit(Arc::clone(c))));
    world.feed.put(FeedEvent::Records(records.collect()));
    assert_eq!(world.settled("a").await, [1, 2, 3]);
    assert_eq!(world.settled("b").await, [1, 2]);
    assert_eq!(world.status().fetched, 0);
}

#[tokio::test]
async fn what_never_comes_is_fetched_from_the_store() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1; 700]).await;
    world.feed.commit("p", 0, &chain[0]);
    world.feed.commit("p", 1, &chain[699]);
    assert_eq!(world.settled("a").await, (1..=700).collect::<Vec<_>>());
    let status = world.status();
    assert!(status.fetched >= 698 && status.held > 0, "{status:?}");
    until(async || world.offsets().await == [("p".to_owned(), 1)]).await;
}

#[tokio::test]
async fn a_hint_without_a_commit_is_enough() {
    let world = World::start().await;
    world.store.chain("a", &[2, 2]).await;
    world.feed.record("p", 0, FeedPayload::Hint { stream: stream("a"), sequence: 3 });
    assert_eq!(world.settled("a").await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_hint_brings_all_that_is_stored_behind_it() {
    let world = World::start().await;
    world.store.chain("a", &[1; 600]).await;
    world.feed.record("p", 0, FeedPayload::Hint { stream: stream("a"), sequence: 1 });
    assert_eq!(world.settled("a").await, (1..=600).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_hint_without_a_commit_is_not_forgotten_before_the_store_has_it() {
    let world = World::start().await;
    world.feed.record("p", 0, FeedPayload::Hint { stream: stream("a"), sequence: 1 });
    until(async || world.store.reads.load(Ordering::SeqCst) >= 1).await;
    world.store.chain("a", &[1]).await;
    assert_eq!(world.settled("a").await, [1]);
}

#[tokio::test]
async fn a_hint_ahead_of_the_store_is_asked_for_again() {
    let world = World::start().await;
    let first = world.store.chain("a", &[1]).await;
    let second = commit(&first[0].version(), &stream("a"), 1);
    let third = commit(&second.version(), &stream("a"), 1);
    world.feed.commit("p", 0, &first[0]);
    world.feed.commit("p", 1, &third);
    // It has looked and found nothing, more than once.
    until(async || world.store.reads.load(Ordering::SeqCst) >= 2).await;
    assert_eq!(world.seen("a").await, [1]);
    assert_eq!(world.offsets().await, [("p".to_owned(), 0)], "what is missing blocks the offset");
    world.store.append(second).await.unwrap();
    world.store.append(third).await.unwrap();
    assert_eq!(world.settled("a").await, [1, 2, 3]);
    until(async || world.offsets().await == [("p".to_owned(), 1)]).await;
}

#[tokio::test]
async fn a_record_that_the_store_does_not_know_is_dropped() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[2, 2, 1]).await;
    world.feed.commit("p", 0, &chain[0]);
    world.feed.commit("p", 1, &chain[1]);
    // In the place of one that is applied, overlapping one, and as another successor.
    let orphan_parent = Version::from_stored(3, 4, uuid::Uuid::from_u128(1));
    let imposters = [
        commit(&chain[0].version(), &stream("a"), 2),
        commit(&chain[0].version(), &stream("a"), 3),
        commit(&orphan_parent, &stream("a"), 5),
    ];
    for (imposter, offset) in imposters.iter().zip(2..) {
        world.feed.commit("p", offset, imposter);
    }
    world.feed.commit("p", 5, &chain[2]);
    assert_eq!(world.settled("a").await, [1, 2, 3, 4, 5]);
    until(async || world.status().foreign == 3).await;
    until(async || world.offsets().await == [("p".to_owned(), 5)]).await;
    assert_eq!(world.parked().await, []);
}

#[tokio::test]
async fn a_fork_in_the_store_itself_parks_the_aggregate() {
    let world = World::start().await;
    let applied = world.store.chain("a", &[1, 1]).await;
    world.feed.commit("p", 0, &applied[0]);
    world.feed.commit("p", 1, &applied[1]);
    assert_eq!(world.settled("a").await, [1, 2]);
    // As if a backup had been restored and written to: the same stream with another second commit.
    let other = super::world::Store::default();
    other.append(applied[0].clone()).await.unwrap();
    let second = commit(&applied[0].version(), &stream("a"), 1);
    other.append(second.clone()).await.unwrap();
    let world = World::over(super::world::Feed::assigned(&["p"]), other, world.views.clone()).await;
    let bystander = world.store.chain("b", &[1]).await;
    world.feed.commit("p", 2, &second);
    world.feed.commit("p", 3, &bystander[0]);
    until(async || !world.parked().await.is_empty()).await;
    let parked = world.parked().await;
    assert!(parked[0].2.contains("forked at sequence 2"), "{parked:?}");
    assert_eq!(world.settled("a").await, [1, 2]);
    assert_eq!(world.settled("b").await, [1]);

    // What follows the fork is in order with it, and not with the view: to go on there would hide what is missing.
    let third = commit(&second.version(), &stream("a"), 1);
    world.store.append(third.clone()).await.unwrap();
    let error = world.app.skip_parked::<super::world::Seen>(&stream("a")).await.unwrap_err();
    assert!(matches!(error, ControlError::Forked { projection: "seen", sequence: 2, .. }), "{error:?}");
    assert_eq!(world.parked().await, parked);
    // Nor after a retry, which sets it aside at what comes next.
    let error = world.app.retry_parked::<super::world::Seen>(&stream("a")).await.unwrap_err();
    assert!(matches!(&error, ControlError::ParkedAgain { parked, .. } if parked.sequence == 3), "{error:?}");
    let error = world.app.skip_parked::<super::world::Seen>(&stream("a")).await.unwrap_err();
    assert!(matches!(error, ControlError::Forked { sequence: 2, .. }), "{error:?}");
    assert_eq!(world.settled("a").await, [1, 2]);
    assert_eq!(world.app.dead_letters::<super::world::Seen>(9).await.unwrap(), []);
}

#[tokio::test]
async fn records_of_no_interest_and_broken_ones_only_move_the_offset() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1]).await;
    let malformed = || FeedPayload::Malformed { bytes: vec![0xff], reason: "not JSON".to_owned() };
    let records = [FeedPayload::Other, malformed(), FeedPayload::Commit(chain[0].clone())];
    let records = records.into_iter().zip(0..).map(|(payload, at)| record("p", at, payload));
    world.feed.put(FeedEvent::Records(records.collect()));
    assert_eq!(world.settled("a").await, [1]);
    assert_eq!(world.offsets().await, [("p".to_owned(), 2)]);
    let letters = world.app.dead_letters::<super::world::Seen>(10).await.unwrap();
    let shown: Vec<_> = letters.iter().map(|l| (&*l.partition, l.offset, &l.bytes[..], &*l.reason)).collect();
    assert_eq!(shown, [("p", 1, &[0xff][..], "not JSON")]);
    assert_eq!(world.status().malformed, 1);
}
