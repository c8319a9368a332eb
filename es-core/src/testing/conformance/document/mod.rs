//! What a repository without transactions has to do: what every repository does with views by aggregate, and what
//! takes the place of the transaction.

pub use super::repository::{
    a_batch_folds_and_moves, a_broken_commit_applies_nothing, a_dropped_apply_happens_whole_or_not_at_all,
    a_failing_fold_applies_nothing, a_new_repository_is_empty, a_restart_keeps_everything,
    a_stale_move_applies_nothing, dead_letters_are_kept_once, odd_streams_have_checkpoints_of_their_own,
    of_two_appliers_one_folds, offsets_never_go_back, parking_and_its_end, projections_do_not_mix,
    racing_listeners_fold_each_event_once, rows_list_completely, streams_list_completely,
};

use std::sync::Arc;

use super::{
    Counts, DocumentRepositoryFixture,
    notes::{chain, stream},
    repository::{apply_move, batch, checkpoint, offset, offsets, open, row, tally},
};
use crate::{
    repository::{ApplyError, Batch, Checkpoint, Move, Parked, Repository},
    store::{Commit, from_millis},
};

/// A batch of more aggregates than are written at the same time is applied.
pub async fn large_batches_fit(fixture: impl DocumentRepositoryFixture) {
    super::repository::large_batches(fixture, 300).await;
}

/// Who died after some documents of a batch, and before its offsets, has lost nothing: the batch is refused by the
/// names of what it had done, and what is left of it can be applied.
pub async fn a_batch_in_part_is_finished(fixture: impl DocumentRepositoryFixture) {
    let repository = open(fixture.open()).await;
    let chains: Vec<_> = (0..40).map(|n| chain(&stream(&format!("s{n}")), [1, 1])).collect();
    let (done, left) = chains.split_at(17);
    repository.apply(&Counts, &batch(done.iter().map(|c| apply_move(c)))).await.expect("applied");
    let whole = |chains: &[Vec<Arc<Commit>>]| Batch {
        offsets: vec![offset("p", 80)],
        ..batch(chains.iter().map(|c| apply_move(c)))
    };
    match repository.apply(&Counts, &whole(&chains)).await {
        Err(ApplyError::Moved { streams }) => {
            assert!(streams.iter().eq(done.iter().map(|c| &c[0].stream)), "{streams:?}");
        }
        other => panic!("17 of 40 are done already, but the answer is {other:?}"),
    }
    assert_eq!(offsets::<Counts>(&repository).await, [], "before all documents are there");
    repository.apply(&Counts, &whole(left)).await.expect("applied");
    assert_eq!(offsets::<Counts>(&repository).await, [("p".to_owned(), 80)]);
    for chain in &chains {
        assert_eq!(row::<Counts>(&repository, &chain[0].stream.id).await, tally(2, 2));
    }
}

/// Batches that race for the same documents: whoever is refused has saved no offsets, so that an offset is there
/// only when everything before it is in the views.
pub async fn racing_batches_save_offsets_last(fixture: impl DocumentRepositoryFixture) {
    const STREAMS: usize = 12;
    let repositories = [Arc::new(open(fixture.open()).await), Arc::new(open(fixture.open()).await)];
    let chains: Arc<[_]> = (0..STREAMS).map(|n| chain(&stream(&format!("s{n}")), [1; 15])).collect();
    let listeners = (0..4).map(|n| {
        let (repository, chains) = (repositories[n % 2].clone(), chains.clone());
        tokio::spawn(async move {
            let streams: Vec<_> = chains.iter().map(|c| c[0].stream.clone()).collect();
            let partition = format!("p{n}");
            loop {
                let at =
                    Repository::<Counts>::checkpoints(&*repository, &streams).await.expect("checkpoints");
                let next =
                    chains.iter().zip(&at).filter_map(|(c, at)| c.get(at.applied as usize..)?.get(..1));
                let mut batch = batch(next.map(apply_move));
                if batch.is_empty() {
                    return;
                }
                // What is in the views when this batch is.
                let due: u64 = batch.moves.iter().map(|m| m.to.applied).min().unwrap_or(0);
                batch.offsets = vec![offset(&partition, due.cast_signed())];
                match repository.apply(&Counts, &batch).await {
                    Ok(()) | Err(ApplyError::Moved { .. }) => {}
                    Err(other) => panic!("a race is no reason for {other:?}"),
                }
                let saved = offsets::<Counts>(&*repository).await;
                let saved = saved.into_iter().map(|(_, offset)| offset).max().unwrap_or(0);
                let now =
                    Repository::<Counts>::checkpoints(&*repository, &streams).await.expect("checkpoints");
                let least = now.iter().map(|at| at.applied).min().unwrap_or(0);
                assert!(saved <= least.cast_signed(), "offset {saved} is saved, and a view is at {least}");
            }
        })
    });
    for listener in listeners.collect::<Vec<_>>() {
        listener.await.expect("a listener");
    }
    for chain in chains.iter() {
        assert_eq!(row::<Counts>(&*repositories[0], &chain[0].stream.id).await, tally(15, 15));
    }
}

/// Who reads beside an applier sees a view that is at least as far as the checkpoint read before it, and not
/// further than the one read after it.
pub async fn views_and_checkpoints_move_together(fixture: impl DocumentRepositoryFixture) {
    let (repository, reader) = (open(fixture.open()).await, fixture.open().await);
    let commits = chain(&stream("a"), [2; 60]);
    let applier = tokio::spawn(async move {
        for commit in &commits {
            repository
                .apply(&Counts, &batch([apply_move(std::slice::from_ref(commit))]))
                .await
                .expect("applied");
        }
    });
    loop {
        let done = applier.is_finished();
        let before = checkpoint::<Counts>(&reader, &stream("a")).await.applied;
        let count = row::<Counts>(&reader, "a").await.map_or(0, |tally| tally.count);
        let after = checkpoint::<Counts>(&reader, &stream("a")).await.applied;
        assert!(before <= count && count <= after, "a view of {count} between {before} and {after}");
        if done {
            assert_eq!(count, 120);
            break;
        }
    }
    applier.await.expect("the applier");
}

/// An aggregate that was set aside at its first event has a checkpoint and no row.
pub async fn what_is_only_parked_is_no_row(fixture: impl DocumentRepositoryFixture) {
    let repository = open(fixture.open()).await;
    let parked = Some(Parked { sequence: 1, error: "?".into(), at: from_millis(7) });
    let to = Checkpoint { parked, ..Checkpoint::default() };
    let ids: Vec<_> = (0..9).map(|n| format!("s{n}")).collect();
    let moves = ids.iter().map(|id| {
        let (stream, expected) = (stream(id), Checkpoint::default());
        Move { stream, expected, to: to.clone(), commits: Vec::new() }
    });
    repository.apply(&Counts, &batch(moves)).await.expect("parked");
    let folded = chain(&stream("z"), [1]);
    repository.apply(&Counts, &batch([apply_move(&folded)])).await.expect("applied");
    assert_eq!(row::<Counts>(&repository, "s0").await, None);
    for limit in [1, 4, usize::MAX] {
        let rows = Repository::<Counts>::list(&repository, None, limit).await.expect("rows");
        assert_eq!(rows.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["z"], "by {limit}");
    }
    // Released, it takes its first commit as any other does.
    let a = chain(&stream("s3"), [1]);
    let released = Move { expected: to.clone(), to: Checkpoint::default(), ..apply_move(&a) };
    repository.apply(&Counts, &batch([Move { commits: Vec::new(), ..released }])).await.expect("released");
    repository.apply(&Counts, &batch([apply_move(&a)])).await.expect("applied");
    assert_eq!(row::<Counts>(&repository, "s3").await, tally(1, 1));
    assert_eq!(Repository::<Counts>::parked(&repository, 100).await.expect("parked").len(), 8);
}
