use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

use super::{append_all, assert_holds, read_all};
use crate::{
    event::{Codec, CommandMetadata},
    store::{AppendError, Commit, EventStore, Version, check_chain, from_millis},
    testing::conformance::{
        EventStoreFixture,
        notes::{CATEGORY, Note, chain, commit, commit_in, one, stream},
    },
};

/// Streams that nobody wrote to are empty, not errors.
pub async fn a_new_store_is_empty(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    assert_holds(&store, &stream("nobody"), &[]).await;
    let page = store.read(&stream("nobody"), 7, 10).await.expect("a page");
    assert!(page.commits.is_empty() && !page.more);
    let heads = store.heads(CATEGORY, None, 10).await.expect("heads");
    assert!(heads.heads.is_empty() && heads.next.is_none());
}

/// Every byte and every field comes back: both codecs, metadata, times, ids, parents.
pub async fn a_commit_comes_back_exactly(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let metadata = CommandMetadata::default()
        .correlation("order\0-7")
        .causation("")
        .header("user", "änn")
        .header("user", "");
    for codec in [Codec::Bincode, Codec::Json] {
        let stream = stream(codec.as_str());
        let times = [0, 1, 1_234_567_890_123, -1, -62_000_000_000_000, 4_102_444_800_999];
        let (mut at, mut commits) = (Version::EMPTY, Vec::new());
        for millis in times {
            let notes = [Note::new("a\0b", i64::MAX), Note::new("é🦀", i64::MIN)];
            let mut commit = commit_in(codec, &at, &stream, &notes, &metadata);
            commit.committed_at = from_millis(millis);
            at = commit.version();
            commits.push(commit.into());
        }
        append_all(&store, &commits).await;
        assert_holds(&store, &stream, &commits).await;
        let read = read_all(&store, &stream, 10).await;
        assert_eq!(read[0].commands().expect("commands")[0].metadata, metadata);
        assert_eq!(read[1].parent, Some(commits[0].id));
    }
    let now = one(&Version::EMPTY, &stream("now"));
    append_all(&store, std::slice::from_ref(&now)).await;
    let kept = read_all(&store, &now.stream, 1).await[0].committed_at;
    let age = SystemTime::now().duration_since(kept).unwrap_or_default();
    assert!(kept == now.committed_at && age < Duration::from_secs(60), "{age:?} old");
}

/// After `Ok`, every read sees the commit, also one through another handle.
pub async fn an_acknowledged_commit_is_seen_at_once(fixture: impl EventStoreFixture) {
    let (store, other) = (fixture.open().await, fixture.open().await);
    let stream = stream("seen");
    let mut at = Version::EMPTY;
    for _ in 0..50 {
        let commit = one(&at, &stream);
        store.append(commit.clone()).await.expect("a free place");
        at = commit.version();
        for store in [&store, &other] {
            assert_eq!(store.head(&stream).await.expect("a head"), at);
            let tail = store.read(&stream, at.sequence(), 10).await.expect("a page");
            assert_eq!((tail.commits, tail.more), (vec![commit.clone()], false));
        }
    }
}

/// A commit whose place is not right behind the stream's end: the store refuses it and nothing of it stays, or it
/// takes it and the chain check notices. It never passes for part of the chain.
pub async fn a_hole_is_refused_or_noticed(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    for skipped in [2, 3, 1000] {
        let stream = stream(&format!("hole before {skipped}"));
        let kept = chain(&stream, [1]);
        append_all(&store, &kept).await;
        let ahead = Version::from_stored(skipped, skipped, kept[0].id);
        refused_or_noticed(&store, one(&ahead, &stream), &kept).await;
    }
    let ahead = Version::from_stored(1, 1, Uuid::now_v7());
    refused_or_noticed(&store, one(&ahead, &stream("new")), &[]).await;
}

/// A commit that begins where another one is, is refused, and the winner is named truly, if at all. One that
/// begins inside another is refused or noticed.
pub async fn an_overlap_is_refused_or_noticed(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    for last in 0..9 {
        let stream = stream(&format!("overlap after {last}"));
        let kept = chain(&stream, [3, 2, 4]);
        append_all(&store, &kept).await;
        let before = kept.iter().rev().find(|c| c.last_sequence <= last).map(|c| c.id).unwrap_or_default();
        let late = [Note::new("late", 1), Note::new("late", 1)];
        let inside = commit(&Version::from_stored(last, last, before), &stream, &late);
        let Some(taken) = kept.iter().find(|c| c.sequence == inside.sequence) else {
            refused_or_noticed(&store, inside, &kept).await;
            continue;
        };
        match store.append(inside).await {
            Err(AppendError::Conflict { winner }) => {
                assert!(winner.is_none_or(|winner| winner == *taken), "another commit holds that place");
            }
            other => panic!("an overlap at {}: a conflict was due, not {other:?}", taken.sequence),
        }
        assert_holds(&store, &stream, &kept).await;
    }
}

/// Appends what no version can lead to: refused, or noticed by whoever reads it.
async fn refused_or_noticed(store: &impl EventStore, commit: Arc<Commit>, kept: &[Arc<Commit>]) {
    let stream = commit.stream.clone();
    match store.append(commit).await {
        Err(AppendError::Conflict { .. }) => assert_holds(store, &stream, kept).await,
        Ok(()) => {
            let read = read_all(store, &stream, 10).await;
            check_chain(&Version::EMPTY, &read).expect_err("the chain is broken");
        }
        Err(other) => panic!("{stream}: no reason for {other:?}"),
    }
}

/// A commit at the right place that names another parent: the store refuses it, or takes it and the chain
/// check notices. It never passes for part of the chain.
pub async fn a_wrong_parent_is_refused_or_noticed(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    for wrong in ["none", "the one before", "nobody's"] {
        let stream = stream(&format!("parent: {wrong}"));
        let kept = chain(&stream, [1, 1]);
        append_all(&store, &kept).await;
        let parent = match wrong {
            "none" => None,
            "the one before" => Some(kept[0].id),
            _ => Some(Uuid::now_v7()),
        };
        let commit = Commit { parent, ..(*one(&kept[1].version(), &stream)).clone() };
        refused_or_noticed(&store, commit.into(), &kept).await;
    }
    let orphan =
        Commit { parent: Some(Uuid::now_v7()), ..(*one(&Version::EMPTY, &stream("orphan"))).clone() };
    refused_or_noticed(&store, orphan.into(), &[]).await;
}

/// Sending a stored commit again succeeds and changes nothing, however much came after it.
pub async fn the_same_commit_again_is_stored_already(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let stream = stream("again");
    let commits = chain(&stream, [2, 1, 3]);
    for (count, commit) in commits.iter().enumerate() {
        for _ in 0..3 {
            store.append(commit.clone()).await.expect("new, or stored already");
        }
        assert_holds(&store, &stream, &commits[..=count]).await;
    }
    for commit in &commits {
        store.append(commit.clone()).await.expect("stored already");
    }
    assert_holds(&store, &stream, &commits).await;
}
