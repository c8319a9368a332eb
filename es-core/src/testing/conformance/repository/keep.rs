use super::{apply_move, assert_moved, batch, checkpoint, everything, first, offset, offsets, row, tally};
use crate::{
    repository::{Batch, Checkpoint, DeadLetter, Move, Parked, ParkedAggregate, Repository},
    store::from_millis,
    testing::conformance::{
        Counts, DocumentRepositoryFixture, Mirror, Note, RepositoryFixture, Totals,
        notes::{chain, stream},
    },
};

/// The later offset of a partition stays, whatever is saved after it.
pub async fn offsets_never_go_back(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let mut due = [("p".to_owned(), 0), ("q/1".to_owned(), i64::MAX)];
    for saved in [3, 10, 5, 10, 11, 0] {
        let batch = Batch { offsets: vec![offset("p", saved), offset("q/1", i64::MAX)], ..Batch::default() };
        repository.apply(&Counts, &batch).await.expect("saved");
        due[0].1 = due[0].1.max(saved);
        assert_eq!(offsets::<Counts>(&repository).await, due, "after {saved}");
    }
}

/// A record that cannot be read is kept as it came, once.
pub async fn dead_letters_are_kept_once(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let letter = |partition: &str, offset| DeadLetter {
        partition: partition.into(),
        offset,
        bytes: vec![0, 255, 10, offset as u8],
        reason: format!("no record\0 at {offset}"),
    };
    let letters = [letter("p", 1), letter("p", 2), letter("q", 1)];
    for _ in 0..3 {
        let batch = Batch { dead_letters: letters.to_vec(), ..Batch::default() };
        repository.apply(&Counts, &batch).await.expect("saved");
    }
    let kept = Repository::<Counts>::dead_letters(&repository, 10).await.expect("dead letters");
    assert_eq!(kept, letters);
    let kept = Repository::<Counts>::dead_letters(&repository, 2).await.expect("dead letters");
    assert_eq!(kept, letters[..2], "the oldest");
}

/// A parked aggregate is listed with its reason and takes no move that does not know of it, until it is
/// moved out of there.
pub async fn parking_and_its_end(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let (a, b) = (chain(&stream("a"), [2, 1, 1]), chain(&stream("b"), [1]));
    repository.apply(&Counts, &batch([apply_move(&a[..1]), apply_move(&b)])).await.expect("applied");
    let free = checkpoint::<Counts>(&repository, &stream("a")).await;
    let parked =
        Parked { sequence: 3, error: "no\0 such carrier: ü".into(), at: from_millis(1_700_000_000_123) };
    let parked = Checkpoint { parked: Some(parked), ..free.clone() };
    let park = Move { stream: stream("a"), expected: free.clone(), to: parked.clone(), commits: Vec::new() };
    repository.apply(&Counts, &batch([park.clone()])).await.expect("parked");

    let due = [ParkedAggregate { stream: stream("a"), checkpoint: parked.clone() }];
    assert_eq!(Repository::<Counts>::parked(&repository, 10).await.expect("parked"), due);
    assert_eq!(checkpoint::<Counts>(&repository, &stream("a")).await, parked);
    assert_eq!(row::<Counts>(&repository, "a").await, tally(2, 2), "parking folds nothing");
    assert_moved(repository.apply(&Counts, &batch([apply_move(&a[1..2])])).await, &[&stream("a")]);
    assert_moved(repository.apply(&Counts, &batch([park])).await, &[&stream("a")]);

    let mut retried = apply_move(&a[1..]);
    retried.expected = parked;
    repository.apply(&Counts, &batch([retried])).await.expect("out of the park");
    assert_eq!(Repository::<Counts>::parked(&repository, 10).await.expect("parked"), []);
    assert_eq!(row::<Counts>(&repository, "a").await, tally(4, 4));
    assert_eq!(checkpoint::<Counts>(&repository, &stream("a")).await.parked, None);

    let parked = Parked { sequence: 1, error: String::new(), at: from_millis(0) };
    let new = (0..7).map(|n| Move {
        stream: stream(&format!("new-{n}")),
        expected: Checkpoint::default(),
        to: Checkpoint { parked: Some(parked.clone()), ..Checkpoint::default() },
        commits: Vec::new(),
    });
    repository.apply(&Counts, &batch(new)).await.expect("parked at their first event");
    assert_eq!(Repository::<Counts>::parked(&repository, 10).await.expect("parked").len(), 7);
    assert_eq!(Repository::<Counts>::parked(&repository, 3).await.expect("parked").len(), 3);
}

/// Two projections in one repository share nothing.
pub async fn projections_do_not_mix(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    Repository::<Mirror>::prepare(&repository).await.expect("ready");
    let streams = [stream("a")];
    let untouched = everything::<Mirror>(&repository, &streams).await;
    let full = Batch {
        offsets: vec![offset("p", 4)],
        dead_letters: vec![DeadLetter {
            partition: "p".into(),
            offset: 2,
            bytes: vec![2],
            reason: "?".into(),
        }],
        ..first(&streams[0], &[Note::new("x", 1)])
    };
    repository.apply(&Counts, &full).await.expect("applied");
    let before = everything::<Counts>(&repository, &streams).await;
    assert_eq!(everything::<Mirror>(&repository, &streams).await, untouched);
    repository.apply(&Mirror, &full).await.expect("applied");
    assert_eq!(row::<Mirror>(&repository, "a").await, tally(1, 1));
    assert_eq!(everything::<Counts>(&repository, &streams).await, before);
}

/// Rows by key do not mix with those of another projection either.
pub async fn keyed_rows_do_not_mix(fixture: impl RepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    Repository::<Totals>::prepare(&repository).await.expect("ready");
    let streams = [stream("a")];
    let batch = first(&streams[0], &[Note::new("x", 1)]);
    repository.apply(&Counts, &batch).await.expect("applied");
    let before = everything::<Counts>(&repository, &streams).await;
    repository.apply(&Totals, &batch).await.expect("applied");
    assert_eq!(row::<Totals>(&repository, "x").await, tally(1, 1));
    assert_eq!(row::<Totals>(&repository, "a").await, None);
    assert_eq!(everything::<Counts>(&repository, &streams).await, before);
}

/// What was applied is there after the repository is opened again, and the fence holds.
pub async fn a_restart_keeps_everything(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let streams = ["a", "b", "c"].map(stream);
    let a = chain(&streams[0], [2, 1]);
    let parked = Parked { sequence: 1, error: "?".into(), at: from_millis(7) };
    let park = Move {
        stream: streams[1].clone(),
        expected: Checkpoint::default(),
        to: Checkpoint { parked: Some(parked), ..Checkpoint::default() },
        commits: Vec::new(),
    };
    let full = Batch {
        offsets: vec![offset("p", 4)],
        dead_letters: vec![DeadLetter {
            partition: "p".into(),
            offset: 2,
            bytes: vec![2],
            reason: "?".into(),
        }],
        ..batch([apply_move(&a[..1]), park])
    };
    repository.apply(&Counts, &full).await.expect("applied");
    let before = everything::<Counts>(&repository, &streams).await;
    drop(repository);

    let repository = super::open(fixture.open()).await;
    assert_eq!(everything::<Counts>(&repository, &streams).await, before);
    assert_moved(repository.apply(&Counts, &batch([apply_move(&a[..1])])).await, &[&streams[0]]);
    repository.apply(&Counts, &batch([apply_move(&a[1..])])).await.expect("applied");
    assert_eq!(row::<Counts>(&repository, "a").await, tally(3, 3));
}
