use std::sync::Arc;
use uuid::Uuid;

use super::{apply_move, assert_moved, batch, checkpoint, everything, first, offset, offsets, row, tally};
use crate::{
    repository::{ApplyError, Batch, Checkpoint, DeadLetter, Parked, Repository},
    store::{Commit, Version, from_millis},
    testing::conformance::{
        Counts, DocumentRepositoryFixture, Note,
        notes::{chain, commit, stream},
    },
};

/// What nobody saved is empty, not an error, and preparing twice does no harm.
pub async fn a_new_repository_is_empty(fixture: impl DocumentRepositoryFixture) {
    let repository = fixture.open().await;
    for _ in 0..2 {
        Repository::<Counts>::prepare(&repository).await.expect("ready");
    }
    let streams = [stream("a"), stream("b")];
    let checkpoints = Repository::<Counts>::checkpoints(&repository, &streams).await.expect("checkpoints");
    assert_eq!(checkpoints, [Checkpoint::default(), Checkpoint::default()]);
    assert_eq!(Repository::<Counts>::checkpoints(&repository, &[]).await.expect("checkpoints"), []);
    assert_eq!(row::<Counts>(&repository, "a").await, None);
    assert_eq!(offsets::<Counts>(&repository).await, []);
    assert!(Repository::<Counts>::list(&repository, None, 10).await.expect("rows").is_empty());
    assert_eq!(Repository::<Counts>::parked(&repository, 10).await.expect("parked"), []);
    assert_eq!(Repository::<Counts>::dead_letters(&repository, 10).await.expect("dead letters"), []);
    repository.apply(&Counts, &Batch::default()).await.expect("nothing to do");
}

/// A batch folds its commits in order into their rows, and moves each checkpoint to its end.
pub async fn a_batch_folds_and_moves(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let (a, b) = (chain(&stream("a"), [2, 1, 3]), chain(&stream("b"), [1]));
    repository.apply(&Counts, &batch([apply_move(&a[..2]), apply_move(&b)])).await.expect("applied");
    assert_eq!(row::<Counts>(&repository, "a").await, tally(3, 3));
    assert_eq!(row::<Counts>(&repository, "b").await, tally(1, 1));
    assert_eq!(row::<Counts>(&repository, "c").await, None);
    let at = |commit: &Commit| Checkpoint {
        applied: commit.last_sequence,
        commit_id: Some(commit.id),
        parked: None,
    };
    let streams = [stream("b"), stream("nobody"), stream("a")];
    let found = Repository::<Counts>::checkpoints(&repository, &streams).await.expect("checkpoints");
    assert_eq!(found, [at(&b[0]), Checkpoint::default(), at(&a[1])], "in the order asked for");

    let more = Batch { offsets: vec![offset("p", 7)], ..batch([apply_move(&a[2..])]) };
    repository.apply(&Counts, &more).await.expect("applied");
    assert_eq!(row::<Counts>(&repository, "a").await, tally(6, 6));
    assert_eq!(checkpoint::<Counts>(&repository, &stream("a")).await, at(&a[2]));
    assert_eq!(offsets::<Counts>(&repository).await, [("p".to_owned(), 7)]);
}

/// A move that expects another place is refused by name, and nothing of its batch is applied.
pub async fn a_stale_move_applies_nothing(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let a = chain(&stream("a"), [2, 1, 1]);
    repository.apply(&Counts, &batch([apply_move(&a[..2])])).await.expect("applied");
    let streams = ["a", "b", "c"].map(stream);
    let before = everything::<Counts>(&repository, &streams).await;
    let fresh = |id| apply_move(&chain(&stream(id), [1]));
    let parked = Some(Parked { sequence: 4, error: "?".into(), at: from_millis(5) });
    let mut moves = vec![
        apply_move(&a[..1]),
        apply_move(&a[..3]),
        apply_move(&a[1..]),
        apply_move(&a[2..]),
        apply_move(&a[2..]),
    ];
    moves[3].expected.applied = 9;
    moves[4].expected.parked = parked;
    for stale in moves {
        let why = format!("expected {:?}", stale.expected);
        let letter = DeadLetter { partition: "p".into(), offset: 1, bytes: vec![1], reason: "?".into() };
        let batch = Batch {
            offsets: vec![offset("p", 1)],
            dead_letters: vec![letter],
            ..batch([fresh("b"), stale, fresh("c")])
        };
        assert_moved(repository.apply(&Counts, &batch).await, &[&streams[0]]);
        assert_eq!(everything::<Counts>(&repository, &streams).await, before, "{why}");
    }
    let mut never = fresh("b");
    never.expected.applied = 3;
    let outcome = repository.apply(&Counts, &batch([apply_move(&a[..1]), never])).await;
    assert_moved(outcome, &[&streams[0], &streams[1]]);
    assert_eq!(everything::<Counts>(&repository, &streams).await, before);
    repository.apply(&Counts, &batch([apply_move(&a[2..])])).await.expect("the right place");
    assert_eq!(row::<Counts>(&repository, "a").await, tally(4, 4));
}

/// An event whose handler fails is named, and nothing of its batch is applied.
pub async fn a_failing_fold_applies_nothing(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    repository.apply(&Counts, &first(&stream("a"), &[Note::new("a", 5)])).await.expect("applied");
    let streams = ["a", "b", "c"].map(stream);
    let before = everything::<Counts>(&repository, &streams).await;
    let bad = commit(
        &Version::EMPTY,
        &streams[1],
        &[Note::new("b", 1), Note::new("b", i64::MIN), Note::new("b", 1)],
    );
    let good = chain(&streams[2], [1]);
    let batch = Batch { offsets: vec![offset("p", 1)], ..batch([apply_move(&good), apply_move(&[bad])]) };
    match repository.apply(&Counts, &batch).await {
        Err(ApplyError::Event { stream, sequence, retry, .. }) => {
            assert_eq!((&stream, sequence, retry), (&streams[1], 2, true))
        }
        other => panic!("event 2 of b fails, but the answer is {other:?}"),
    }
    assert_eq!(everything::<Counts>(&repository, &streams).await, before);
}

/// A commit that cannot be decoded is named, is not worth a retry, and nothing of its batch is applied.
pub async fn a_broken_commit_applies_nothing(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let streams = ["a", "b"].map(stream);
    let before = everything::<Counts>(&repository, &streams).await;
    let good = chain(&streams[0], [1]);
    let broken =
        Commit { events: vec![9, 9, 9].into(), id: Uuid::now_v7(), ..(*chain(&streams[1], [1])[0]).clone() };
    match repository.apply(&Counts, &batch([apply_move(&good), apply_move(&[Arc::new(broken)])])).await {
        Err(ApplyError::Event { stream, sequence, retry, .. }) => {
            assert_eq!((&stream, sequence, retry), (&streams[1], 1, false))
        }
        other => panic!("event 1 of b cannot be read, but the answer is {other:?}"),
    }
    assert_eq!(everything::<Counts>(&repository, &streams).await, before);
}

/// A batch of many aggregates is applied in one piece.
pub async fn large_batches_fit(fixture: impl DocumentRepositoryFixture) {
    large_batches(fixture, 2500).await;
}

/// The same with so many aggregates.
pub(in crate::testing::conformance) async fn large_batches(
    fixture: impl DocumentRepositoryFixture,
    count: usize,
) {
    let repository = super::open(fixture.open()).await;
    let streams: Vec<_> = (0..count).map(|n| stream(&format!("s{n}"))).collect();
    let chains: Vec<_> = streams.iter().map(|s| chain(s, [1, 1])).collect();
    for at in 0..2 {
        let moves = chains.iter().map(|c| apply_move(&c[at..=at]));
        repository.apply(&Counts, &batch(moves)).await.expect("applied");
    }
    let checkpoints = Repository::<Counts>::checkpoints(&repository, &streams).await.expect("checkpoints");
    for (checkpoint, chain) in checkpoints.iter().zip(&chains) {
        assert_eq!((checkpoint.applied, checkpoint.commit_id), (2, Some(chain[1].id)));
    }
    let rows = Repository::<Counts>::list(&repository, None, usize::MAX).await.expect("rows");
    assert_eq!(rows.len(), streams.len());
    let stale = [7, count / 2, count - 1];
    let moves = chains.iter().enumerate().map(|(n, c)| {
        let next = commit(&c[1].version(), &c[0].stream, &[Note::new("", 1)]);
        let mut next = apply_move(&[next]);
        next.expected.applied -= u64::from(stale.contains(&n));
        next
    });
    let outcome = repository.apply(&Counts, &batch(moves)).await;
    assert_moved(outcome, &stale.map(|n| &streams[n]));
}
