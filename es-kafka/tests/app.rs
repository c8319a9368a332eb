//! Whole Apps over a topic that a test fills.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use es_core::{
    app::App,
    repository::{MemoryRepository, Repository},
    store::{Commit, EventStore, MemoryEventStore, Version},
};

use crate::{
    broker::{Topics, partition_of},
    clock::{CATEGORY, Event, Seen, TICK, chain, commit, stream},
    listener::{Trusted, until},
};

/// A store that has the truth, a topic, and the views.
struct World {
    topics: Topics,
    store: MemoryEventStore,
    views: MemoryRepository,
}

impl World {
    async fn new() -> Self {
        let topics = Topics::with(CATEGORY).await;
        Self { topics, store: MemoryEventStore::new(), views: MemoryRepository::new() }
    }

    async fn app(&self) -> App {
        let feed = Trusted(self.topics.feed().build().unwrap());
        let builder = App::builder(self.store.clone()).change_feed(feed);
        builder.projection(Seen, self.views.clone()).start().await.unwrap()
    }

    async fn store(&self, commits: &[Arc<Commit>]) {
        for commit in commits {
            self.store.append(commit.clone()).await.unwrap();
        }
    }

    async fn publish(&self, commits: &[Arc<Commit>]) {
        for commit in commits {
            self.topics.publish(CATEGORY, commit).await;
        }
    }

    /// What the view shows, without asking the listener to look for it.
    async fn seen(&self, id: &str) -> Vec<u64> {
        let bytes = Repository::<Seen>::get(&self.views, id).await.unwrap();
        bytes.map(|bytes| serde_json::from_slice(&bytes).unwrap()).unwrap_or_default()
    }

    async fn until_seen(&self, id: &str, last: u64) {
        until(async || self.seen(id).await.last() == Some(&last)).await;
        assert_eq!(self.seen(id).await, (1..=last).collect::<Vec<_>>(), "{id}");
    }
}

/// A generator of numbers that look random, the same for each seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

/// Duplicates, steps back, replays, losses: the view is the same as if nothing had happened. Of no aggregate are the
/// very last commits lost, which no record could tell.
async fn hostile(seed: u64) {
    let mut dice = Dice(seed);
    let world = World::new().await;
    let mut lengths = BTreeMap::new();
    let mut records: Vec<Arc<Commit>> = Vec::new();
    for n in 0..12 {
        let ticks: Vec<usize> = (0..15).map(|_| 1 + dice.below(3)).collect();
        let commits = chain(&format!("a{n}"), &ticks);
        world.store(&commits).await;
        lengths.insert(format!("a{n}"), ticks.iter().sum::<usize>() as u64);
        for commit in &commits {
            let is_last = commit.last_sequence == commits[14].last_sequence;
            let copies = if is_last { 1 } else { dice.below(3) };
            records.extend((0..copies).map(|_| commit.clone()));
        }
    }
    for at in 0..records.len() {
        let other = (at + dice.below(20)).min(records.len() - 1);
        records.swap(at, other);
    }
    let replay: Vec<_> = records[records.len() / 3..records.len() / 2].to_vec();
    world.publish(&records).await;
    let app = world.app().await;
    world.publish(&replay).await;
    for (id, last) in &lengths {
        world.until_seen(id, *last).await;
    }
    let status = app.projections().remove(0);
    assert!(status.fetched > 0 && status.duplicates > 0, "the topic was not hostile: {status:?}");
    app.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_topic_gives_the_same_view() {
    for seed in [1, 7, 4242] {
        hostile(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_records_become_dead_letters_and_stop_nothing() {
    let world = World::new().await;
    let commits = chain("a", &[1, 1, 1]);
    world.store(&commits).await;
    let partition = partition_of(&stream("a"));
    world.publish(&commits[..1]).await;
    let foreign =
        br#"{"op":"i","source":{"keyspace":"other","table":"t"},"after":{"aggregate_id":"a","sequence":9}}"#;
    for poison in [&b"\xff\x00 no json"[..], b"", foreign] {
        world.topics.send(CATEGORY, partition, b"a", poison).await;
    }
    world.publish(&commits[1..]).await;
    let app = world.app().await;
    world.until_seen("a", 3).await;
    let letters = app.dead_letters::<Seen>(10).await.unwrap();
    let bytes: Vec<_> = letters.iter().map(|letter| letter.bytes.as_slice()).collect();
    assert_eq!(bytes, [&b"\xff\x00 no json"[..], b"", foreign]);
    assert!(letters[2].reason.contains("other.t"), "{}", letters[2].reason);
    assert_eq!(letters.iter().map(|letter| letter.offset).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_nobody_knows_are_passed_over() {
    let world = World::new().await;
    let first = commit(&Version::EMPTY, "a", &[TICK, Event("clock.unheard-of")]);
    let second = commit(&first.version(), "a", &[Event("clock.stopped")]);
    let third = commit(&second.version(), "a", &[TICK]);
    let commits = [first, second, third];
    world.store(&commits).await;
    world.publish(&commits).await;
    let app = world.app().await;
    until(async || world.seen("a").await == [1, 4]).await;
    assert_eq!(app.projections()[0].fetched, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_after_what_was_saved() {
    let world = World::new().await;
    let commits = chain("a", &[1; 10]);
    world.store(&commits).await;
    world.publish(&commits[..6]).await;
    let app = world.app().await;
    world.until_seen("a", 6).await;
    app.shutdown().await;
    drop(app);
    world.publish(&commits[6..]).await;
    let app = world.app().await;
    world.until_seen("a", 10).await;
    let status = app.projections().remove(0);
    assert_eq!((status.applied, status.duplicates, status.fetched), (4, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_deleted_come_from_the_store() {
    let world = World::new().await;
    let commits = chain("a", &[1; 10]);
    world.store(&commits).await;
    world.publish(&commits[..3]).await;
    let app = world.app().await;
    world.until_seen("a", 3).await;
    app.shutdown().await;
    drop(app);
    world.publish(&commits[3..9]).await;
    world.topics.delete_before(CATEGORY, partition_of(&stream("a")), 9).await;
    world.publish(&commits[9..]).await;
    let app = world.app().await;
    world.until_seen("a", 10).await;
    // The store was asked for all that is there, and may have been faster with the last one.
    let fetched = app.projections()[0].fetched;
    assert!((6..=7).contains(&fetched), "{fetched}");
}

/// Two processes over one database: each event is folded once, whoever has the partition.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_a_view() {
    let world = World::new().await;
    let chains: Vec<_> = (0..20).map(|n| chain(&format!("a{n}"), &[1; 12])).collect();
    for chain in &chains {
        world.store(chain).await;
    }
    let publish = async |range: std::ops::Range<usize>| {
        for n in range {
            for chain in &chains {
                world.publish(&chain[n..=n]).await;
            }
        }
    };
    let first = world.app().await;
    publish(0..4).await;
    let second = world.app().await;
    publish(4..8).await;
    first.shutdown().await;
    drop(first);
    publish(8..12).await;
    for n in 0..20 {
        world.until_seen(&format!("a{n}"), 12).await;
    }
    tokio::time::timeout(Duration::from_secs(60), second.shutdown()).await.unwrap();
}
