use std::{sync::Arc, time::Duration};

use super::{Suite, apply_move, assert_moved, batch, checkpoint, row, tally};
use crate::{
    repository::{ApplyError, Repository},
    store::{Commit, Version},
    testing::conformance::{
        Counts, DocumentRepositoryFixture, Note, RepositoryFixture, Tally, Totals,
        notes::{chain, commit, stream},
    },
};

/// The fence: one batch, applied by many at once, also through two handles, is folded once.
pub async fn of_two_appliers_one_folds(fixture: impl DocumentRepositoryFixture) {
    let repositories =
        [Arc::new(super::open(fixture.open()).await), Arc::new(super::open(fixture.open()).await)];
    let commits = chain(&stream("a"), [1; 20]);
    for commit in commits.chunks(1) {
        let tasks = (0..8).map(|n| {
            let (repository, batch) = (repositories[n % 2].clone(), batch([apply_move(commit)]));
            tokio::spawn(async move { repository.apply(&Counts, &batch).await })
        });
        let mut folded = 0;
        for task in tasks.collect::<Vec<_>>() {
            match task.await.expect("an applier") {
                Ok(()) => folded += 1,
                refused => assert_moved(refused, &[&stream("a")]),
            }
        }
        assert_eq!(folded, 1, "appliers of one batch that were told they applied it");
    }
    assert_eq!(row::<Counts>(&*repositories[0], "a").await, tally(20, 20));
}

/// Listeners that believe they own the same aggregates fold each event once between them.
pub async fn racing_listeners_fold_each_event_once(fixture: impl DocumentRepositoryFixture) {
    let chains: Arc<[Vec<Arc<Commit>>]> = (0..4).map(|n| chain(&stream(&format!("s{n}")), [1; 30])).collect();
    let mut listeners = Vec::new();
    for _ in 0..4 {
        let (repository, chains) = (super::open(fixture.open()).await, chains.clone());
        listeners.push(tokio::spawn(async move { listen::<Counts>(&repository, &Counts, &chains).await }));
    }
    for listener in listeners {
        listener.await.expect("a listener");
    }
    let repository = fixture.open().await;
    for chain in chains.iter() {
        assert_eq!(row::<Counts>(&repository, &chain[0].stream.id).await, tally(30, 30));
    }
}

/// Applies what is next of each chain, until all is applied by whomever.
async fn listen<P: Suite>(repository: &impl Repository<P>, projection: &P, chains: &[Vec<Arc<Commit>>]) {
    let streams: Vec<_> = chains.iter().map(|c| c[0].stream.clone()).collect();
    loop {
        let at = repository.checkpoints(&streams).await.expect("checkpoints");
        let next = chains.iter().zip(at).filter_map(|(chain, at)| chain.get(at.applied as usize..)?.get(..1));
        let batch = batch(next.map(apply_move));
        if batch.is_empty() {
            return;
        }
        match repository.apply(projection, &batch).await {
            Ok(()) | Err(ApplyError::Moved { .. }) => {}
            Err(other) => panic!("a race is no reason for {other:?}"),
        }
    }
}

/// The row lock: rows that events of many aggregates belong to lose no update.
pub async fn rows_shared_by_aggregates_lose_no_update(fixture: impl RepositoryFixture) {
    let mut listeners = Vec::new();
    for n in 0..8 {
        let repository = super::open(fixture.open()).await;
        Repository::<Totals>::prepare(&repository).await.expect("ready");
        listeners.push(tokio::spawn(async move {
            let mut at = Version::EMPTY;
            for k in 0..20 {
                // Now these rows first, now those.
                let keys = if (n + k) % 2 == 0 { ["x", "y"] } else { ["y", "z"] };
                let next = commit(&at, &stream(&format!("s{n}")), &keys.map(|key| Note::new(key, 1)));
                at = next.version();
                repository.apply(&Totals, &batch([apply_move(&[next])])).await.expect("applied");
            }
        }));
    }
    for listener in listeners {
        listener.await.expect("a listener");
    }
    let repository = fixture.open().await;
    for (key, count) in [("x", 80), ("y", 160), ("z", 80)] {
        assert_eq!(row::<Totals>(&repository, key).await, tally(count, count as i64), "row {key}");
    }
}

/// Who reads beside an applier sees all of a batch, or nothing of it.
pub async fn readers_see_whole_batches(fixture: impl RepositoryFixture) {
    let (repository, reader) = (super::open(fixture.open()).await, fixture.open().await);
    Repository::<Totals>::prepare(&repository).await.expect("ready");
    let applier = tokio::spawn(async move {
        let mut at = Version::EMPTY;
        for _ in 0..100 {
            let notes = ["x", "y", "z"].map(|key| Note::new(key, 1));
            let next = commit(&at, &stream("a"), &notes);
            at = next.version();
            repository.apply(&Totals, &batch([apply_move(&[next])])).await.expect("applied");
        }
    });
    let mut seen = 0;
    loop {
        let done = applier.is_finished();
        let before = checkpoint::<Totals>(&reader, &stream("a")).await.applied / 3;
        let rows = Repository::<Totals>::list(&reader, None, 10).await.expect("rows");
        let rows = rows.iter().map(|(_, row)| serde_json::from_slice::<Tally>(row).expect("a row").count);
        let rows: Vec<_> = rows.collect();
        assert!(rows.iter().all(|count| *count == rows[0]), "{rows:?} of one batch");
        let count = rows.first().copied().unwrap_or(0);
        assert!(count >= seen && count >= before, "{count} after {seen}, with a checkpoint after {before}");
        seen = count;
        if done {
            break;
        }
    }
    applier.await.expect("the applier");
    assert_eq!(seen, 100);
}

/// An applier that goes away leaves no half of a batch behind, and no repository that is stuck.
pub async fn a_dropped_apply_happens_whole_or_not_at_all(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let commits = chain(&stream("a"), [1; 60]);
    for round in 0..60 {
        let at = checkpoint::<Counts>(&repository, &stream("a")).await.applied as usize;
        let batch = batch([apply_move(&commits[at..=at])]);
        let _ =
            tokio::time::timeout(Duration::from_micros(round * 40), repository.apply(&Counts, &batch)).await;
    }
    listen::<Counts>(&repository, &Counts, std::slice::from_ref(&commits)).await;
    assert_eq!(row::<Counts>(&repository, "a").await, tally(60, 60));
}
