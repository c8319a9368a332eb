use super::{Suite, apply_move, batch, checkpoint, first, row, tally};
use crate::{
    repository::{Checkpoint, Move, Parked, Repository},
    store::{StreamId, Version, from_millis},
    testing::conformance::{
        Counts, DocumentRepositoryFixture, Note, RepositoryFixture, Totals,
        notes::{CATEGORY, ELSEWHERE, chain, commit, odd_texts, stream},
    },
};

/// All keys, by pages of at most `limit`.
async fn keys<P: Suite>(repository: &impl Repository<P>, limit: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let page = repository.list(keys.last().map(String::as_str), limit).await.expect("rows");
        assert!(page.len() <= limit, "{} rows where {limit} are the most", page.len());
        if page.is_empty() {
            return keys;
        }
        keys.extend(page.into_iter().map(|(key, _)| key));
    }
}

/// Every row is listed once, whatever the page size, in an order that stays.
pub async fn rows_list_completely(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let ids = odd_texts();
    let commits: Vec<_> = ids.iter().map(|id| chain(&stream(id), [1])).collect();
    repository.apply(&Counts, &batch(commits.iter().map(|c| apply_move(c)))).await.expect("applied");
    let order = keys::<Counts>(&repository, usize::MAX).await;
    let (mut listed, mut due) = (order.clone(), ids.clone());
    listed.sort();
    due.sort();
    assert_eq!(listed, due);
    for limit in [1, 5, due.len()] {
        assert_eq!(keys::<Counts>(&repository, limit).await, order, "by {limit}");
    }
    assert!(Repository::<Counts>::list(&repository, None, 0).await.expect("rows").is_empty());
    // A place to go on from need not be a row: what comes after it is an end of the same order.
    let rest = Repository::<Counts>::list(&repository, Some("nobody's"), usize::MAX).await.expect("rows");
    let rest: Vec<_> = rest.into_iter().map(|(key, _)| key).collect();
    assert_eq!(rest, order[order.len() - rest.len()..]);
}

/// All streams, by pages of at most `limit`.
async fn streams(repository: &impl Repository<Counts>, limit: usize) -> Vec<StreamId> {
    let mut streams: Vec<StreamId> = Vec::new();
    loop {
        let page = repository.streams(streams.last(), limit).await.expect("streams");
        assert!(page.len() <= limit, "{} streams where {limit} are the most", page.len());
        if page.is_empty() {
            return streams;
        }
        streams.extend(page);
    }
}

async fn list_streams(repository: &impl Repository<Counts>, mut due: Vec<StreamId>) {
    let order = streams(repository, usize::MAX).await;
    let mut listed = order.clone();
    listed.sort();
    due.sort();
    assert_eq!(listed, due);
    for limit in [1, 5, due.len()] {
        assert_eq!(streams(repository, limit).await, order, "by {limit}");
    }
    // A place to go on from need not have a checkpoint.
    let rest = repository.streams(Some(&stream("nobody's")), usize::MAX).await.expect("streams");
    assert_eq!(rest, order[order.len() - rest.len()..]);
}

/// Sets `streams` aside before their first event.
async fn park(repository: &impl Repository<Counts>, streams: &[StreamId]) {
    let parked = Parked { sequence: 1, error: String::new(), at: from_millis(0) };
    let moves = streams.iter().map(|stream| Move {
        stream: stream.clone(),
        expected: Checkpoint::default(),
        to: Checkpoint { parked: Some(parked.clone()), ..Checkpoint::default() },
        commits: Vec::new(),
    });
    repository.apply(&Counts, &batch(moves)).await.expect("parked");
}

/// Every stream that has a checkpoint is listed once, whatever the page size, in an order that stays.
pub async fn streams_list_completely(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let mut due: Vec<_> = odd_texts().iter().map(|id| stream(id)).collect();
    let commits: Vec<_> = due.iter().map(|stream| chain(stream, [1])).collect();
    repository.apply(&Counts, &batch(commits.iter().map(|c| apply_move(c)))).await.expect("applied");
    let parked = ["set aside 1", "set aside 2"].map(stream);
    park(&repository, &parked).await;
    due.extend(parked);
    list_streams(&repository, due).await;
}

/// As [`streams_list_completely`], where the same ids are in several categories.
pub async fn streams_of_categories_list_completely(fixture: impl RepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let ids = odd_texts();
    let categories = [CATEGORY, ELSEWHERE, "z", ""];
    let due: Vec<_> =
        categories.iter().flat_map(|category| ids.iter().map(|id| StreamId::new(*category, &**id))).collect();
    park(&repository, &due).await;
    list_streams(&repository, due).await;
}

/// Rows are listed in the byte order of their keys, completely, whatever the page size.
pub async fn rows_list_in_byte_order(fixture: impl RepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    Repository::<Totals>::prepare(&repository).await.expect("ready");
    let mut due = odd_texts();
    let notes: Vec<_> = due.iter().map(|key| Note::new(key, 1)).collect();
    repository.apply(&Totals, &first(&stream("a"), &notes)).await.expect("applied");
    due.sort();
    for limit in [1, 5, due.len(), usize::MAX] {
        assert_eq!(keys::<Totals>(&repository, limit).await, due, "by {limit}");
    }
    // A place to go on from need not be a row.
    let after = Repository::<Totals>::list(&repository, Some("a\u{1}"), 1).await.expect("rows");
    assert_eq!(after[0].0, due[due.partition_point(|key| key.as_str() <= "a\u{1}")]);
}

/// Every text is a key, and two different texts are two rows.
pub async fn odd_keys_are_rows_of_their_own(fixture: impl RepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    Repository::<Totals>::prepare(&repository).await.expect("ready");
    let mut at = Version::EMPTY;
    for round in 1..=2 {
        let notes: Vec<_> = (1..).zip(odd_texts()).map(|(n, key)| Note::new(key, n)).collect();
        let next = commit(&at, &stream("a"), &notes);
        at = next.version();
        repository.apply(&Totals, &batch([apply_move(&[next])])).await.expect("applied");
        for (n, key) in (1..).zip(odd_texts()) {
            assert_eq!(row::<Totals>(&repository, &key).await, tally(round, round as i64 * n), "{key:?}");
        }
    }
    assert_eq!(row::<Totals>(&repository, "nobody's").await, None);
}

/// Every text is an aggregate's id, and two different ones have two checkpoints and two rows.
pub async fn odd_streams_have_checkpoints_of_their_own(fixture: impl DocumentRepositoryFixture) {
    let repository = super::open(fixture.open()).await;
    let commits: Vec<_> = odd_texts().iter().zip(1..).map(|(id, n)| chain(&stream(id), [n])).collect();
    repository.apply(&Counts, &batch(commits.iter().map(|c| apply_move(c)))).await.expect("applied");
    for commit in commits.iter().flatten() {
        let found = checkpoint::<Counts>(&repository, &commit.stream).await;
        assert_eq!((found.applied, found.commit_id), (commit.last_sequence, Some(commit.id)));
        let due = tally(commit.last_sequence, commit.last_sequence as i64);
        assert_eq!(row::<Counts>(&repository, &commit.stream.id).await, due);
    }
    let elsewhere = StreamId::new(ELSEWHERE, "a");
    assert_eq!(
        checkpoint::<Counts>(&repository, &elsewhere).await.applied,
        0,
        "{CATEGORY}/a is another stream"
    );
}
