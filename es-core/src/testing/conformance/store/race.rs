use std::{collections::HashSet, sync::Arc, time::Duration};

use super::{append_all, assert_holds, assert_refused, read_all};
use crate::{
    store::{AppendError, Commit, EventStore, Limits, Version},
    testing::conformance::{
        EventStoreFixture,
        notes::{chain, commit_of_size, one, stream},
    },
};

/// Many writers want each place of a stream; exactly one gets it.
pub async fn of_racing_writers_one_wins(fixture: impl EventStoreFixture) {
    let store = Arc::new(fixture.open().await);
    race([store.clone(), store]).await;
}

/// The same through two handles, as from two processes.
pub async fn of_racing_handles_one_wins(fixture: impl EventStoreFixture) {
    race([Arc::new(fixture.open().await), Arc::new(fixture.open().await)]).await;
}

async fn race<S: EventStore>(stores: [Arc<S>; 2]) {
    let stream = stream("race");
    let (mut at, mut winners) = (Version::EMPTY, Vec::new());
    for _ in 0..25 {
        let tasks = (0..16).map(|n| {
            let (store, commit) = (stores[n % 2].clone(), one(&at, &stream));
            tokio::spawn(async move { (store.append(commit.clone()).await, commit) })
        });
        let (mut won, mut named) = (Vec::new(), Vec::new());
        for task in tasks.collect::<Vec<_>>() {
            match task.await.expect("a writer") {
                (Ok(()), commit) => won.push(commit),
                (Err(AppendError::Conflict { winner }), _) => named.extend(winner),
                (Err(other), _) => panic!("a race is no reason for {other:?}"),
            }
        }
        assert_eq!(won.len(), 1, "writers who won sequence {}", at.last_sequence() + 1);
        assert!(named.iter().all(|winner| *winner == won[0]), "a loser was told another winner");
        at = won[0].version();
        winners.append(&mut won);
    }
    assert_holds(&*stores[0], &stream, &winners).await;
    assert_holds(&*stores[1], &stream, &winners).await;
}

/// Appends sent together do not share their fate: what can be stored is, the others are refused.
pub async fn a_bad_append_fails_alone(fixture: impl EventStoreFixture) {
    let store = Arc::new(fixture.open().await);
    let taken = chain(&stream("taken"), [2]);
    append_all(&*store, &taken).await;
    let Limits { commit_bytes, .. } = store.limits();
    let mut tasks = Vec::new();
    for n in 0..60 {
        let stream = stream(&format!("good-{n}"));
        let ahead = Version::from_stored(5, 5, taken[0].id);
        let (kind, commit) = match n % 6 {
            0 => ("hole", one(&ahead, &stream)),
            1 => ("overlap", one(&Version::EMPTY, &taken[0].stream)),
            2 => ("too large", commit_of_size(&Version::EMPTY, &stream, commit_bytes + 1)),
            3 => ("again", taken[0].clone()),
            _ => ("good", one(&Version::EMPTY, &stream)),
        };
        let store = store.clone();
        tasks.push(tokio::spawn(async move { (kind, commit.clone(), store.append(commit).await) }));
    }
    for task in tasks {
        let (kind, commit, outcome) = task.await.expect("a writer");
        match kind {
            // Not every store can see it; see `a_hole_is_refused_or_noticed`.
            "hole" => assert!(matches!(outcome, Ok(()) | Err(AppendError::Conflict { .. })), "{outcome:?}"),
            "overlap" => assert_refused(outcome, kind),
            "too large" => assert!(matches!(outcome, Err(AppendError::TooLarge { .. })), "{outcome:?}"),
            _ => {
                outcome.unwrap_or_else(|e| panic!("{kind}: {e}"));
                assert_holds(&*store, &commit.stream, std::slice::from_ref(&commit)).await;
            }
        }
    }
    assert_holds(&*store, &taken[0].stream, &taken).await;
}

/// Commits of one chain, sent without waiting for each other: each is stored or refused, with no hole.
pub async fn a_chain_sent_at_once_has_no_hole(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    for round in 0..20 {
        let stream = stream(&format!("chain-{round}"));
        let commits = chain(&stream, [1, 2, 1, 3, 1, 1]);
        let outcomes = futures_util::future::join_all(commits.iter().map(|c| store.append(c.clone()))).await;
        let stored = outcomes.iter().take_while(|o| o.is_ok()).count();
        for refused in outcomes.into_iter().skip(stored) {
            assert_refused(refused, "a commit whose parent was not stored yet");
        }
        assert_holds(&store, &stream, &commits[..stored]).await;
    }
}

/// A caller that goes away leaves no half of a commit behind, and no store that is stuck.
pub async fn a_dropped_append_happens_whole_or_not_at_all(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let stream = stream("dropped");
    let mut sent = HashSet::new();
    for round in 0..60 {
        let at = store.head(&stream).await.expect("a head");
        let commit = one(&at, &stream);
        sent.insert(commit.id);
        let _ = tokio::time::timeout(Duration::from_micros(round * 40), store.append(commit)).await;
    }
    // What was sent may still be on its way: the next writer meets it as a conflict.
    let last = loop {
        let commit = one(&store.head(&stream).await.expect("a head"), &stream);
        match store.append(commit.clone()).await {
            Ok(()) => break commit,
            outcome => assert_refused(outcome, "a commit that was on its way"),
        }
    };
    let read = read_all(&store, &stream, 7).await;
    assert_eq!(read.last(), Some(&last));
    assert!(read.iter().all(|c| c.id == last.id || sent.contains(&c.id)));
    assert_holds(&store, &stream, &read).await;
}

/// A reader beside a writer sees a beginning of the stream, longer every time, never a hole.
pub async fn reading_while_writing(fixture: impl EventStoreFixture) {
    let (store, reader) = (Arc::new(fixture.open().await), fixture.open().await);
    let stream = stream("beside");
    let commits: Arc<[Arc<Commit>]> = chain(&stream, (0..200).map(|n| n % 3 + 1)).into();
    let writer = {
        let commits = commits.clone();
        tokio::spawn(async move { append_all(&*store, &commits).await })
    };
    let mut seen = 0;
    loop {
        let done = writer.is_finished();
        let head = reader.head(&stream).await.expect("a head");
        let read = read_all(&reader, &stream, 64).await;
        assert_eq!(read, commits[..read.len()], "not a beginning of the stream");
        assert!(read.len() >= seen, "{} commits after {seen}", read.len());
        assert!(
            head.last_sequence() <= read.last().map_or(0, |c| c.last_sequence),
            "the head was ahead of the reads"
        );
        seen = read.len();
        if done {
            break;
        }
    }
    writer.await.expect("the writer");
    assert_eq!(seen, commits.len());
}
