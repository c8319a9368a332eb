use bytes::Bytes;
use std::slice;
use uuid::Uuid;

use super::{append_all, assert_holds};
use crate::{
    snapshot::Snapshot,
    store::{EventStore, StreamId, Version},
    testing::conformance::{
        EventStoreFixture,
        notes::{ELSEWHERE, chain, odd_texts, one, stream},
    },
};

fn snapshot(stream: &StreamId, sequence: u64, fingerprint: u64, state: impl Into<Bytes>) -> Snapshot {
    Snapshot {
        stream: stream.clone(),
        version: Version::from_stored(sequence, sequence + 1, Uuid::now_v7()),
        fingerprint,
        state: state.into(),
        command_ids: Bytes::from_static(b"\0ids\xff"),
    }
}

/// A newer snapshot takes the older one's place, and an older one that comes late does not.
pub async fn the_newest_snapshot_wins(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let stream = stream("newest");
    assert_eq!(store.load_snapshot(&stream, 7).await.expect("a look"), None);
    let mut newest = snapshot(&stream, 10, 7, "ten");
    for (sequence, state) in [(10, "ten"), (5, "five"), (20, "twenty"), (19, "nineteen"), (21, "")] {
        let next = snapshot(&stream, sequence, 7, state);
        store.save_snapshot(next.clone()).await.expect("saved");
        if sequence >= newest.version.sequence() {
            newest = next;
        }
        assert_eq!(
            store.load_snapshot(&stream, 7).await.expect("a look"),
            Some(newest.clone()),
            "after {sequence}"
        );
    }
    let big = snapshot(&stream, 30, 7, vec![0xa5; 1 << 20]);
    store.save_snapshot(big.clone()).await.expect("saved");
    assert_eq!(store.load_snapshot(&stream, 7).await.expect("a look"), Some(big));
}

/// Fingerprints and streams have snapshots of their own; an unknown one is a miss.
pub async fn snapshots_do_not_mix(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let mut kept = Vec::new();
    let odd = odd_texts();
    let streams = odd.iter().map(|id| stream(id)).chain([StreamId::new(ELSEWHERE, "a")]);
    for (n, stream) in (1..).zip(streams) {
        for fingerprint in [0, 1, u64::MAX, 1 << 63] {
            kept.push(snapshot(&stream, n, fingerprint, format!("{n} {fingerprint}")));
        }
    }
    for snapshot in &kept {
        store.save_snapshot(snapshot.clone()).await.expect("saved");
    }
    for snapshot in &kept {
        let found = store.load_snapshot(&snapshot.stream, snapshot.fingerprint).await.expect("a look");
        assert_eq!(found.as_ref(), Some(snapshot));
        assert_eq!(store.load_snapshot(&snapshot.stream, 2).await.expect("a look"), None);
    }
    assert_eq!(store.load_snapshot(&stream("nobody"), 1).await.expect("a look"), None);
}

/// What was acknowledged is there after the store is opened again, and the stream goes on.
pub async fn a_restart_keeps_everything(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let (long, short) = (stream("long"), stream("short"));
    let mut commits = chain(&long, (0..40).map(|n| n % 5 + 1));
    append_all(&store, &commits).await;
    let short = chain(&short, [1]);
    append_all(&store, &short).await;
    let snapshot = snapshot(&long, 3, 9, "state");
    store.save_snapshot(snapshot.clone()).await.expect("saved");
    drop(store);

    let store = fixture.open().await;
    assert_holds(&store, &long, &commits).await;
    assert_holds(&store, &short[0].stream, &short).await;
    assert_eq!(store.load_snapshot(&long, 9).await.expect("a look"), Some(snapshot));
    store.append(commits[39].clone()).await.expect("stored already");
    let next = one(&commits[39].version(), &long);
    append_all(&store, slice::from_ref(&next)).await;
    commits.push(next);
    drop(store);
    assert_holds(&fixture.open().await, &long, &commits).await;
}
