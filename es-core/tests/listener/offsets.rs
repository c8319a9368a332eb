//! Where a listener goes on.

use std::{sync::Arc, time::Duration};

use es_core::{
    feed::{FeedEvent, FeedPayload},
    store::{Commit, EventStore, Version},
};
use uuid::Uuid;

use super::world::{Feed, Store, Views, World, commit, record, stream, until};

#[tokio::test]
async fn a_restart_goes_on_after_what_is_saved() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1]).await;
    world.feed.commit("p", 7, &chain[0]);
    assert_eq!(world.feed.seeks(), []);
    until(async || world.offsets().await == [("p".to_owned(), 7)]).await;
    assert_eq!(world.feed.seeks(), [("p".to_owned(), None)]);
    world.app.shutdown().await;
    let again = World::over(Feed::assigned(&["p", "q"]), world.store.clone(), world.views.clone()).await;
    again.feed.commit("p", 8, &chain[1]);
    assert_eq!(again.settled("a").await, [1, 2]);
    assert_eq!(again.feed.seeks(), [("p".to_owned(), Some(7)), ("q".to_owned(), None)]);
}

#[tokio::test]
async fn offsets_that_move_alone_are_saved_at_the_end() {
    let world = World::start().await;
    for offset in 0..10 {
        world.feed.record("p", offset, FeedPayload::Other);
    }
    until(async || world.feed.taken() == 11).await;
    world.app.shutdown().await;
    assert_eq!(world.offsets().await, [("p".to_owned(), 9)]);
}

#[tokio::test]
async fn an_offset_that_is_gone_begins_at_what_is_left() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1, 1]).await;
    world.feed.commit("p", 7, &chain[0]);
    until(async || world.offsets().await == [("p".to_owned(), 7)]).await;
    world.app.shutdown().await;
    let feed = Feed::assigned(&["p"]);
    feed.lose_offset(7);
    let again = World::over(feed, world.store.clone(), world.views.clone()).await;
    again.feed.commit("p", 90, &chain[2]);
    assert_eq!(again.settled("a").await, [1, 2, 3]);
    assert_eq!(again.feed.seeks(), [("p".to_owned(), Some(7)), ("p".to_owned(), None)]);
}

#[tokio::test]
async fn a_revoked_partition_is_left_to_its_new_owner() {
    let world = World::over(Feed::assigned(&["p", "q"]), Store::default(), Views::default()).await;
    let known = world.store.chain("a", &[1]).await;
    let unknown = commit(&known[0].version(), &stream("a"), 1);
    let held = commit(&unknown.version(), &stream("a"), 1);
    world.feed.commit("p", 0, &known[0]);
    world.feed.commit("p", 1, &held);
    until(async || world.status().held == 1).await;
    world.feed.put(FeedEvent::Revoked(vec!["p".into()]));
    world.feed.record("q", 5, FeedPayload::Other);
    until(async || world.feed.taken() == 5).await;
    world.store.append(unknown).await.unwrap();
    world.store.append(held).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(world.seen("a").await, [1], "it is another listener's now");
    world.app.shutdown().await;
    assert_eq!(world.offsets().await, [("p".to_owned(), 0), ("q".to_owned(), 5)]);
}

/// While it cannot apply what it has, a listener takes no more than a bounded number of records.
#[tokio::test]
async fn the_feed_waits_for_the_listener() {
    let world = World::start().await;
    world.views.failing.store(usize::MAX, std::sync::atomic::Ordering::SeqCst);
    let chain = world.store.chain("a", &[1; 20]).await;
    for (commit, offset) in chain.iter().zip(0..) {
        world.feed.commit("p", offset, commit);
    }
    until(async || world.views.applies.load(std::sync::atomic::Ordering::SeqCst) >= 3).await;
    assert_eq!(world.feed.taken(), 2, "the assignment, and the batch that it tries to apply");
    world.views.failing.store(0, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(world.settled("a").await.len(), 20);
}

/// Records whose predecessors are nowhere pile up to a bound, and then the feed waits.
#[tokio::test]
async fn held_records_are_bounded() {
    let world = World::start().await;
    let mut offset = 0;
    for aggregate in 0..40 {
        let stream = stream(&format!("lost-{aggregate}"));
        let mut at = commit(&Version::EMPTY, &stream, 1).version();
        let mut records = Vec::new();
        for _ in 0..600 {
            let next = commit(&at, &stream, 1);
            at = next.version();
            records.push(record("p", offset, FeedPayload::Commit(next)));
            offset += 1;
        }
        world.feed.put(FeedEvent::Records(records));
    }
    until(async || world.feed.taken() >= 41).await;
    let more = world.store.chain("a", &[1]).await;
    for extra in 0..30i64 {
        let stream = stream(&format!("more-{extra}"));
        let mut at = commit(&Version::EMPTY, &stream, 1).version();
        let mut records = Vec::new();
        for n in 0..600i64 {
            let next = commit(&at, &stream, 1);
            at = next.version();
            records.push(record("p", offset + extra * 600 + n, FeedPayload::Commit(next)));
        }
        world.feed.put(FeedEvent::Records(records));
    }
    world.feed.commit("p", offset + 30 * 600, &more[0]);
    until(async || world.feed.taken() >= 41 + 20).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    // 64 aggregates of 256 commits each are the bound of 16,384.
    assert!(world.feed.taken() <= 41 + 25, "{} batches were taken", world.feed.taken());
}

/// A busy listener gathers; what ends the gathering is dealt with after it, and not lost.
#[tokio::test]
async fn what_ends_a_gathering_is_not_lost() {
    let world = World::over(Feed::assigned(&["p"]), Store::default(), Views::default()).await;
    let (many, one) = (world.store.chain("a", &[1; 75]).await, world.store.chain("b", &[1]).await);
    let records = |from: usize, to: usize| {
        let range = many[from..to].iter().zip(from as i64..);
        range.map(|(commit, at)| record("p", at, FeedPayload::Commit(commit.clone()))).collect()
    };
    world.feed.put(FeedEvent::Records(records(0, 70)));
    world.feed.put(FeedEvent::Records(records(70, 73)));
    world.feed.put(FeedEvent::Records(records(73, 75)));
    world.feed.put(FeedEvent::Assigned(vec!["q".into()]));
    world.feed.commit("q", 0, &one[0]);
    // Looked at, not waited for: a listener that is waited for gathers nothing.
    until(async || world.seen("b").await == [1]).await;
    assert_eq!(world.seen("a").await, (1..=75).collect::<Vec<_>>());
    assert!(world.views.applies.load(std::sync::atomic::Ordering::SeqCst) <= 3, "gathered into few");
    assert_eq!(world.feed.seeks(), [("p".to_owned(), None), ("q".to_owned(), None)]);
}

/// Commits may be large: what is held is bounded in bytes, too.
#[tokio::test]
async fn large_commits_that_are_held_are_bounded() {
    let world = World::start().await;
    let mut commits = 0..;
    let mut large = |id: &str| {
        let stream = stream(id);
        let before = commit(&Version::EMPTY, &stream, 1);
        let mut after = (*commit(&before.version(), &stream, 1)).clone();
        after.metadata = vec![0; 1 << 20].into();
        record("p", commits.next().unwrap_or(0), FeedPayload::Commit(after.into()))
    };
    for first in 0..30 {
        let ids = (first * 5..first * 5 + 5).map(|n| format!("large-{n}"));
        world.feed.put(FeedEvent::Records(ids.map(|id| large(&id)).collect()));
    }
    // 64 MiB of them, in events of 5 MiB, and perhaps what was gathered with the last one.
    until(async || world.feed.taken() > 13).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(world.feed.taken() <= 1 + 13 + 4, "{} taken", world.feed.taken());
}

/// More aggregates at once than are new to the checkpoints that are remembered: none is taken for one that is behind.
#[tokio::test]
async fn a_batch_of_more_aggregates_than_are_remembered_needs_no_store() {
    let world = World::start().await;
    let mut offset = 0;
    let mut put = |ids: std::ops::Range<u32>, of: fn(&str) -> Arc<Commit>| {
        let records = ids.map(|n| {
            offset += 1;
            record("p", offset - 1, FeedPayload::Commit(of(&format!("note-{n}"))))
        });
        world.feed.put(FeedEvent::Records(records.collect()));
    };
    // More than are remembered, so that each new one has another leave; then as many at once as a batch may have.
    for batch in 0..18 {
        put(batch * 4000..(batch + 1) * 4000, first_of);
    }
    put(0..4000, |id| commit(&first_of(id).version(), &stream(id), 1));
    until(async || world.offsets().await == [("p".to_owned(), 75_999)]).await;
    let status = world.status();
    assert_eq!((status.applied, status.held, status.fetched, status.duplicates), (76_000, 0, 0, 0));
}

/// The first commit of an aggregate, the same each time.
fn first_of(id: &str) -> Arc<Commit> {
    let mut commit = (*commit(&Version::EMPTY, &stream(id), 1)).clone();
    commit.id = Uuid::from_u128(u128::from(id.bytes().fold(7u64, |h, b| h.wrapping_mul(31) + u64::from(b))));
    commit.into()
}
