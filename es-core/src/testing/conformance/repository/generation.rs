//! Generations of views: filled beside the one that serves, and then serving. A repository whose
//! [`Repository::at_generation`] is `None` keeps one only, and has nothing to show here.

use std::sync::Arc;

use super::{apply_move, batch, checkpoint, everything, first, offset, row, tally};
use crate::{
    projection::Projection,
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, Generations, Move, Parked, Repository, TakeOver,
    },
    store::{Commit, StreamId, from_millis},
    testing::conformance::{
        Counts, Mirror, Note, RepositoryFixture,
        notes::{chain, stream},
    },
};

/// The repository, unless it keeps only one generation.
async fn open<F: RepositoryFixture>(fixture: &F) -> Option<F::Repository> {
    let repository = super::open(fixture.open()).await;
    Repository::<Mirror>::prepare(&repository).await.expect("ready");
    Repository::<Counts>::at_generation(&repository, 0)
}

fn at<R: Repository<Counts>>(repository: &R, generation: u32) -> R {
    repository.at_generation(generation).expect("a repository with generations has any of them")
}

async fn begin<R: Repository<Counts>>(repository: &R) -> (u32, R) {
    let generation = repository.begin_filling().await.expect("a new generation");
    (generation, at(repository, generation))
}

async fn generations(repository: &impl Repository<Counts>) -> Generations {
    repository.generations().await.expect("generations")
}

async fn take_over(repository: &impl Repository<Counts>, generation: u32) -> TakeOver {
    repository.take_over(generation).await.expect("an attempt to take over")
}

async fn apply(repository: &impl Repository<Counts>, batch: &Batch) {
    repository.apply(&Counts, batch).await.expect("applied");
}

fn is_superseded(outcome: &Result<(), ApplyError>, generation: u32) -> bool {
    matches!(outcome, Err(ApplyError::Superseded { projection: Counts::NAME, generation: g }) if *g == generation)
}

/// Whatever is sent to the generation is refused, and nothing of it is there.
async fn assert_closed<R: Repository<Counts>>(repository: &R, generation: u32) {
    let closed = at(repository, generation);
    let streams = [stream("late"), stream("a")];
    let before = everything::<Counts>(&closed, &streams).await;
    let letter = DeadLetter { partition: "late".into(), offset: 1, bytes: vec![1], reason: "?".into() };
    let mut stale = first(&streams[1], &[Note::new("one", 1)]);
    stale.moves[0].expected.applied = 77;
    let batches = [
        Batch::default(),
        first(&streams[0], &[Note::new("one", 1)]),
        stale,
        Batch { offsets: vec![offset("late", 1)], ..Batch::default() },
        Batch { dead_letters: vec![letter], ..Batch::default() },
    ];
    for batch in batches {
        let outcome = closed.apply(&Counts, &batch).await;
        assert!(is_superseded(&outcome, generation), "{outcome:?} to {batch:?}");
    }
    assert_eq!(everything::<Counts>(&closed, &streams).await, before);
}

/// A batch with something for everything that a repository keeps.
fn full(stream: &StreamId, notes: usize) -> Batch {
    let letter = DeadLetter { partition: "p".into(), offset: 2, bytes: vec![2], reason: "?".into() };
    let parked = Parked { sequence: 1, error: "?".into(), at: from_millis(7) };
    let park = Move {
        stream: super::super::notes::stream("parked"),
        expected: Checkpoint::default(),
        to: Checkpoint { parked: Some(parked), ..Checkpoint::default() },
        commits: Vec::new(),
    };
    Batch {
        offsets: vec![offset("p", 4)],
        dead_letters: vec![letter],
        ..batch([apply_move(&chain(stream, [notes])), park])
    }
}

/// What is filled begins empty, whatever there is in the one that serves, and neither sees the other.
pub async fn a_new_generation_is_empty_and_its_own(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    assert_eq!(generations(&repository).await, Generations::default());
    let streams = [stream("a"), stream("parked")];
    let empty = everything::<Counts>(&repository, &streams).await;
    apply(&repository, &full(&streams[0], 3)).await;
    let serving = everything::<Counts>(&repository, &streams).await;
    let mirror = everything::<Mirror>(&repository, &streams).await;

    let (generation, filling) = begin(&repository).await;
    assert_ne!(generation, 0);
    let due = Generations { serving: 0, filling: Some(generation), before: None };
    assert_eq!((generations(&repository).await, generations(&filling).await), (due, due));
    assert_eq!(everything::<Counts>(&filling, &streams).await, empty);
    assert_eq!(everything::<Counts>(&repository, &streams).await, serving);

    apply(&filling, &full(&streams[0], 2)).await;
    assert_eq!(row::<Counts>(&filling, "a").await, tally(2, 2));
    assert_eq!(everything::<Counts>(&repository, &streams).await, serving);
    // Another projection has generations of its own.
    assert_eq!(everything::<Mirror>(&repository, &streams).await, mirror);
    let others = Repository::<Mirror>::generations(&repository).await.expect("generations");
    assert_eq!(others, Generations::default());
}

/// With nothing behind, what was filled serves; what served takes nothing any more.
pub async fn a_superseded_generation_takes_nothing(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    apply(&repository, &full(&stream("a"), 1)).await;
    let (generation, filling) = begin(&repository).await;
    assert_eq!(take_over(&repository, 0).await, TakeOver::Done, "it serves");
    assert_eq!(take_over(&repository, generation + 1).await, TakeOver::Superseded);
    assert_closed(&repository, generation + 1).await;
    apply(&filling, &full(&stream("a"), 1)).await;
    // Whichever handle is asked.
    assert_eq!(take_over(&filling, generation).await, TakeOver::Done);
    let due = Generations { serving: generation, filling: None, before: Some(0) };
    assert_eq!(generations(&repository).await, due);
    assert_eq!(take_over(&repository, generation).await, TakeOver::Done, "the answer may have been lost");
    assert_eq!(take_over(&repository, 0).await, TakeOver::Superseded);
    assert_eq!(generations(&repository).await, due);
    assert_closed(&repository, 0).await;
    apply(&filling, &first(&stream("b"), &[Note::new("one", 1)])).await;
    repository.apply(&Mirror, &full(&stream("a"), 1)).await.expect("another projection goes on");
}

/// Who takes over shows all that was acknowledged in the one before, also what is under way at that moment.
pub async fn a_take_over_among_appliers_loses_nothing(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    let mut shown: Vec<Vec<Arc<Commit>>> = Vec::new();
    for round in 0..8 {
        let old = generations(&repository).await.serving;
        let (generation, filling) = begin(&repository).await;
        // Of the rounds before.
        apply(&filling, &batch(shown.iter().map(|chain| apply_move(chain)))).await;
        let mut appliers = Vec::new();
        for n in 0..3 {
            let other = open(&fixture).await.expect("generations, as before");
            let commits = chain(&stream(&format!("{round}-{n}")), [1; 60]);
            appliers.push(tokio::spawn(apply_to_both(other, commits, [old, generation])));
        }
        loop {
            let ended = appliers.iter().all(|applier| applier.is_finished());
            match take_over(&repository, generation).await {
                TakeOver::Done => break,
                outcome => assert!(!ended, "{outcome:?}, and nobody applies any more"),
            }
            tokio::task::yield_now().await;
        }
        assert_closed(&repository, old).await;
        for applier in appliers {
            let acknowledged = applier.await.expect("an applier");
            let Some(last) = acknowledged.last() else { continue };
            let closed = checkpoint::<Counts>(&at(&repository, old), &last.stream).await;
            assert_eq!(closed.commit_id, Some(last.id), "what was acknowledged, and nothing after that");
            assert_eq!(checkpoint::<Counts>(&filling, &last.stream).await, closed);
            shown.push(acknowledged);
        }
    }
}

/// Applies each commit to the old generation and then to the new one, until the old one is closed. Answers what the old
/// one has taken.
async fn apply_to_both<R: Repository<Counts>>(
    repository: R,
    commits: Vec<Arc<Commit>>,
    [old, new]: [u32; 2],
) -> Vec<Arc<Commit>> {
    let (from, to) = (at(&repository, old), at(&repository, new));
    let mut acknowledged = Vec::new();
    for commit in commits.chunks(1) {
        let batch = batch([apply_move(commit)]);
        match from.apply(&Counts, &batch).await {
            Ok(()) => acknowledged.push(commit[0].clone()),
            outcome if is_superseded(&outcome, old) => break,
            other => panic!("nobody else moves this stream, but {other:?}"),
        }
        // The new one has not got it yet: it cannot have taken over.
        assert_eq!(generations(&repository).await.serving, old, "{} is missing", commit[0].stream);
        apply(&to, &batch).await;
    }
    acknowledged
}

/// One aggregate behind is enough, and it says how many are, and how many of those are parked.
pub async fn a_generation_behind_does_not_take_over(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    let chains = ["a", "b", "c", "d"].map(|id| chain(&stream(id), [1, 1, 1]));
    let [a, b, c, d] = &chains;
    apply(&repository, &batch([apply_move(a), apply_move(&b[..2]), apply_move(&c[..1]), apply_move(d)]))
        .await;
    let (generation, filling) = begin(&repository).await;
    let behind = |aggregates, parked| TakeOver::Behind { aggregates, parked };
    assert_eq!(take_over(&repository, generation).await, behind(4, 0));

    // `a` is behind, `b` is behind and parked, `c` is ahead, and `d` is parked, but no further back than it was.
    apply(&filling, &batch([apply_move(&a[..2]), apply_move(&b[..1]), apply_move(c), apply_move(d)])).await;
    let park = |chain: &[Arc<Commit>], at: u64| {
        let before = &chain[at as usize - 1];
        let expected = Checkpoint { applied: at, commit_id: Some(before.id), parked: None };
        let parked = Parked { sequence: at + 1, error: "?".into(), at: from_millis(7) };
        let to = Checkpoint { parked: Some(parked), ..expected.clone() };
        Move { stream: before.stream.clone(), expected, to, commits: Vec::new() }
    };
    let parked = park(b, 1);
    apply(&filling, &batch([parked.clone(), park(d, 3)])).await;
    assert_eq!(take_over(&repository, generation).await, behind(2, 1));
    apply(&filling, &batch([apply_move(&a[2..])])).await;
    assert_eq!(take_over(&repository, generation).await, behind(1, 1));
    let due = Generations { serving: 0, filling: Some(generation), before: None };
    assert_eq!(generations(&repository).await, due);

    // The one that serves has gone on meanwhile, too.
    apply(&repository, &batch([apply_move(&b[2..])])).await;
    let mut retried = apply_move(&b[1..2]);
    retried.expected = parked.to;
    apply(&filling, &batch([retried])).await;
    assert_eq!(take_over(&repository, generation).await, behind(1, 0));
    apply(&filling, &batch([apply_move(&b[2..])])).await;
    assert_eq!(take_over(&repository, generation).await, TakeOver::Done);
    assert_eq!(row::<Counts>(&filling, "b").await, tally(3, 3));
}

/// Who begins later goes on; the generation before is given up, with what it had.
pub async fn a_second_filling_gives_up_the_first(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    let streams = [stream("a"), stream("parked")];
    let empty = everything::<Counts>(&repository, &streams).await;
    apply(&repository, &full(&streams[0], 1)).await;
    let (first, filled) = begin(&repository).await;
    apply(&filled, &full(&streams[0], 1)).await;
    let (second, filling) = begin(&repository).await;
    assert!(second > first, "{second} after {first}");
    assert_eq!(everything::<Counts>(&filled, &streams).await, empty, "it is deleted");
    assert_eq!(take_over(&repository, first).await, TakeOver::Superseded);
    assert_closed(&repository, first).await;
    apply(&filling, &full(&streams[0], 1)).await;
    assert_eq!(take_over(&repository, second).await, TakeOver::Done);
    let due = Generations { serving: second, filling: None, before: Some(0) };
    assert_eq!(generations(&repository).await, due);
}

/// What served stays to be read until the next rebuild, or until it is pruned; what serves and is filled stays.
pub async fn the_generation_before_is_kept_for_a_while(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    let streams = [stream("a"), stream("parked")];
    let empty = everything::<Counts>(&repository, &streams).await;
    let mirrored = full(&streams[0], 9);
    repository.apply(&Mirror, &mirrored).await.expect("applied");
    let mirror = everything::<Mirror>(&repository, &streams).await;
    let mut rebuilt = Vec::new();
    // Each generation has one note more than the one before.
    apply(&repository, &full(&streams[0], 1)).await;
    for notes in 2..=3 {
        let (generation, filling) = begin(&repository).await;
        let before = generations(&repository).await.before;
        assert_eq!(before.is_some(), notes == 3, "{before:?}");
        if let Some(before) = before {
            assert_eq!(row::<Counts>(&at(&repository, before), "a").await, tally(1, 1), "kept");
        }
        apply(&filling, &full(&streams[0], notes)).await;
        assert_eq!(take_over(&repository, generation).await, TakeOver::Done);
        rebuilt.push(filling);
    }
    let (third, filling) = begin(&repository).await;
    assert_eq!(everything::<Counts>(&repository, &streams).await, empty, "of two rebuilds ago");
    assert_eq!(row::<Counts>(&rebuilt[0], "a").await, tally(2, 2));
    apply(&filling, &full(&streams[0], 4)).await;

    Repository::<Counts>::prune(&repository).await.expect("pruned");
    assert_eq!(everything::<Counts>(&rebuilt[0], &streams).await, empty);
    assert_eq!(row::<Counts>(&rebuilt[1], "a").await, tally(3, 3));
    assert_eq!(row::<Counts>(&filling, "a").await, tally(4, 4));
    assert_eq!(take_over(&repository, third).await, TakeOver::Done);
    Repository::<Counts>::prune(&repository).await.expect("pruned");
    assert_eq!(everything::<Counts>(&rebuilt[1], &streams).await, empty);
    assert_eq!(row::<Counts>(&filling, "a").await, tally(4, 4));
    assert_eq!(everything::<Mirror>(&repository, &streams).await, mirror, "another projection's stay");
}

/// The dead letters, in the order of their places.
async fn kept(repository: &impl Repository<Counts>) -> Vec<DeadLetter> {
    let mut found = repository.dead_letters(usize::MAX).await.expect("dead letters");
    found.sort_by_key(|letter| (letter.partition.clone(), letter.offset));
    found
}

/// A record that could not be read may not come again, so who takes over has it too; what was skipped in the old rows is
/// no matter of the new ones.
pub async fn dead_letters_outlive_a_rebuild(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    let letter = |partition: &str, offset, reason: &str| {
        let (partition, reason) = (partition.into(), reason.to_owned());
        DeadLetter { partition, offset, bytes: vec![0, offset as u8], reason }
    };
    let letters = |dead_letters| Batch { dead_letters, ..Batch::default() };
    // Long enough that a database may find it by less than the whole.
    let long = "q\0".repeat(600);
    let old = vec![
        letter("p", 1, "old"),
        letter("p", 2, "old"),
        letter(&long, 1, "old"),
        letter("skipped:conformance/a", 3, "by hand"),
    ];
    apply(&repository, &letters(old.clone())).await;
    repository
        .apply(&Mirror, &letters(vec![letter("mirror", 1, "another projection's")]))
        .await
        .expect("kept");

    let (generation, filling) = begin(&repository).await;
    let new = vec![letter("p", 2, "new"), letter("r", 1, "new")];
    apply(&filling, &letters(new.clone())).await;
    assert_eq!(kept(&filling).await, new, "it has not taken over");
    assert_eq!(take_over(&repository, generation).await, TakeOver::Done);
    let due = vec![old[0].clone(), new[0].clone(), old[2].clone(), new[1].clone()];
    assert_eq!(kept(&filling).await, due);
    assert_eq!(kept(&repository).await, old, "what served stays as it was");
    Repository::<Counts>::prune(&repository).await.expect("pruned");
    assert_eq!(kept(&filling).await, due);

    let (generation, filling) = begin(&repository).await;
    assert_eq!(take_over(&repository, generation).await, TakeOver::Done);
    assert_eq!(kept(&filling).await, due, "of two rebuilds ago");
}

/// More rows than a database deletes at once go all the same.
pub async fn large_generations_are_deleted(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    let streams: Vec<_> = (0..2500).map(|n| stream(&format!("s{n}"))).collect();
    let empty = everything::<Counts>(&repository, &streams).await;
    let (_, filled) = begin(&repository).await;
    let chains: Vec<_> = streams.iter().map(|stream| chain(stream, [1])).collect();
    apply(&filled, &batch(chains.iter().map(|chain| apply_move(chain)))).await;
    assert_eq!(Repository::<Counts>::list(&filled, None, usize::MAX).await.expect("rows").len(), 2500);
    begin(&repository).await;
    assert_eq!(everything::<Counts>(&filled, &streams).await, empty);
}

/// Which generation serves and which is filled outlives a restart, and so does the fence.
pub async fn generations_outlive_a_restart(fixture: impl RepositoryFixture) {
    let Some(repository) = open(&fixture).await else { return };
    let streams = [stream("a"), stream("parked")];
    apply(&repository, &full(&streams[0], 1)).await;
    let (first, filling) = begin(&repository).await;
    apply(&filling, &full(&streams[0], 2)).await;
    assert_eq!(take_over(&repository, first).await, TakeOver::Done);
    let (second, filling) = begin(&repository).await;
    apply(&filling, &full(&streams[0], 3)).await;
    let before = everything::<Counts>(&filling, &streams).await;
    drop((repository, filling));

    let repository = open(&fixture).await.expect("generations, as before");
    let due = Generations { serving: first, filling: Some(second), before: Some(0) };
    assert_eq!(generations(&repository).await, due);
    assert_eq!(everything::<Counts>(&at(&repository, second), &streams).await, before);
    assert_eq!(row::<Counts>(&at(&repository, first), "a").await, tally(2, 2));
    assert_eq!(row::<Counts>(&repository, "a").await, tally(1, 1));
    assert_closed(&repository, 0).await;
    assert_eq!(take_over(&repository, second).await, TakeOver::Done);
}
