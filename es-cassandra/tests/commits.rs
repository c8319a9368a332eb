//! Commits, for tests that speak to the store itself.

use std::sync::Arc;

use es_cassandra::CassandraEventStore;
use es_core::{
    event::{Codec, CommandMetadata, FrameBuilder},
    store::{Commit, EventStore, StreamId, Version, check_chain},
};
use uuid::Uuid;

use crate::ledger::Fact;

pub fn stream(id: &str) -> StreamId {
    StreamId::new("ledger", id)
}

/// A commit of `events` events after `after`.
pub fn commit(after: &Version, stream: &StreamId, events: usize) -> Arc<Commit> {
    let mut frame = FrameBuilder::new(Codec::Json);
    let facts = vec![Fact::Added(1); events];
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), &facts).unwrap();
    Arc::new(Commit::following(after, stream.clone(), Codec::Json, frame))
}

/// Appends so many commits of one event after `after`, and says where the stream ends then.
pub async fn extend(
    store: &CassandraEventStore,
    after: Version,
    stream: &StreamId,
    commits: usize,
) -> Version {
    let mut at = after;
    for _ in 0..commits {
        let next = commit(&at, stream, 1);
        store.append(next.clone()).await.unwrap();
        at = next.version();
    }
    at
}

/// The whole stream, which is one chain.
pub async fn read_all(store: &CassandraEventStore, stream: &StreamId) -> Vec<Arc<Commit>> {
    let mut all: Vec<Arc<Commit>> = Vec::new();
    loop {
        let from = all.last().map_or(1, |commit| commit.last_sequence + 1);
        let page = store.read(stream, from, 256).await.unwrap();
        all.extend(page.commits);
        if !page.more {
            check_chain(&Version::EMPTY, &all).unwrap();
            return all;
        }
    }
}
