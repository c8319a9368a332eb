//! A whole App whose events and views are on Cassandra.

use std::{sync::Arc, time::Duration};

use es_core::{
    app::App,
    event::{Codec, CommandMetadata, FrameBuilder},
    store::{Commit, EventStore, MemoryEventStore, StreamId, Version},
    testing::conformance::{Counts, Note, Tally},
};
use uuid::Uuid;

use crate::cluster::{Keyspace, store};

fn next(after: &Version, id: &str) -> Arc<Commit> {
    let note = Note { key: String::new(), amount: 2 };
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), &[note]).unwrap();
    Arc::new(Commit::following(after, StreamId::new("conformance", id), Codec::Bincode, frame))
}

/// Two Apps at work on the same views, as at a rebalance: every event is folded once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_apps_fold_each_event_once() {
    let keyspace = Keyspace::fresh("views");
    let events = MemoryEventStore::new();
    let mut apps = Vec::new();
    for _ in 0..2 {
        // Each over connections of its own.
        let views = store(&keyspace.0).repository().await.unwrap();
        let builder = App::builder(events.clone()).projection(Counts, views);
        apps.push(builder.start().await.unwrap());
    }
    let ids: Vec<_> = (0..20).map(|n| format!("s{n}")).collect();
    let mut heads = vec![Version::EMPTY; ids.len()];
    for _ in 0..10 {
        for (id, head) in ids.iter().zip(&mut heads) {
            let commit = next(head, id);
            *head = commit.version();
            events.append(commit).await.unwrap();
        }
    }
    for app in &apps {
        app.caught_up(Duration::from_secs(100)).await.unwrap();
        for id in &ids {
            let view = app.views::<Counts>().unwrap().get(id).await.unwrap();
            assert_eq!(view, Some(Tally { count: 10, sum: 20 }), "{id}");
        }
        let all = app.views::<Counts>().unwrap().all().await.unwrap();
        assert_eq!(all.len(), ids.len());
    }
    for app in apps {
        app.shutdown().await;
    }
}
