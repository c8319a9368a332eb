//! What a ring of three nodes survives.

use std::sync::{Arc, OnceLock};

use es_core::store::{EventStore, Version};

use super::{
    Both, PATIENCE,
    proxy::{Fate, Kind},
};
use crate::commits::{commit, read_all, stream};

/// The node that leads a partition's transactions gets every request and never answers, with its connections
/// open: the others are asked what became of the insert.
#[tokio::test]
#[ignore = "needs three nodes: run it with --ignored on `cargo xtask stack up --nodes 3`"]
async fn another_node_settles_what_the_leader_does_not_answer() {
    let both = Both::new("leaderless", PATIENCE).await;
    for reaches_it in [true, false] {
        for n in 0..5 {
            let leader = Arc::new(OnceLock::new());
            let stream = stream(&format!("{reaches_it} {n}"));
            let commit = commit(&Version::EMPTY, &stream, 1);
            both.proxy.plan(move |request| match request.kind {
                Kind::Insert | Kind::Place if *leader.get_or_init(|| request.node) == request.node => {
                    if reaches_it {
                        Fate::Mute
                    } else {
                        Fate::Lose
                    }
                }
                _ => Fate::Pass,
            });
            both.store.append(commit.clone()).await.unwrap();
            assert_eq!(read_all(&both.direct, &stream).await, [commit]);
        }
    }
}
