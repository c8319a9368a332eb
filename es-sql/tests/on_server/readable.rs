//! What is in the tables, for those who read them with SQL, and what goes in whatever it is.

use es_core::{
    repository::{Batch, Checkpoint, DeadLetter, Move, Parked, Repository},
    store::{StreamId, Version, from_millis},
    testing::conformance::{RepositoryFixture, Tally, Totals},
};
use es_sql::sqlx::{self, Row};

use super::Database;
use crate::listeners::one;

fn first(id: &str, key: &str) -> Move {
    let commit = one(&Version::EMPTY, &StreamId::new("conformance", id), key);
    let to = Checkpoint { applied: 1, commit_id: Some(commit.id), parked: None };
    Move { stream: commit.stream.clone(), expected: Checkpoint::default(), to, commits: vec![commit] }
}

#[tokio::test]
async fn rows_and_checkpoints_are_text_json_and_uuid() {
    let database = Database::new().await;
    let repository = database.open().await;
    let moved = first("ann", "total");
    let id = moved.to.commit_id;
    repository.apply(&Totals, &Batch { moves: vec![moved], ..Batch::default() }).await.unwrap();
    let mut connection = database.connection().await;
    let sql = "SELECT (view->>'count')::bigint FROM es_views WHERE projection = 'conformance-totals' AND key = 'total'";
    assert_eq!(sqlx::query(sql).fetch_one(&mut connection).await.unwrap().get::<i64, _>(0), 1);
    let sql = "SELECT commit_id FROM es_checkpoints WHERE aggregate_id = 'ann' AND applied = 1";
    assert_eq!(
        sqlx::query(sql).fetch_one(&mut connection).await.unwrap().get::<Option<uuid::Uuid>, _>(0),
        id
    );
}

/// Longer than an index's entry, and nothing that could be compressed to fit; with backslashes, which SQL might take
/// for escapes. Different only at the end.
#[tokio::test]
async fn keys_ids_and_partitions_of_any_length() {
    let database = Database::new().await;
    let repository = database.open().await;
    let noise: String = (0..300).map(|_| uuid::Uuid::now_v7().simple().to_string() + r"\0\x\").collect();
    let texts = ["", "a", "b", r"\", "\0"].map(|end| format!("{noise}{end}"));
    let mut moves: Vec<_> = texts.iter().map(|text| first(text, text)).collect();
    let park = Parked { sequence: 1, error: noise.clone(), at: from_millis(5) };
    moves.push(Move {
        to: Checkpoint { parked: Some(park), ..Checkpoint::default() },
        ..first(&format!("{noise}c"), "")
    });
    moves[5].commits.clear();
    let letter = |text: &String| DeadLetter {
        partition: text.as_str().into(),
        offset: 1,
        bytes: vec![0],
        reason: noise.clone(),
    };
    let dead_letters: Vec<_> = texts.iter().map(letter).collect();
    repository.apply(&Totals, &Batch { moves, dead_letters, ..Batch::default() }).await.unwrap();
    for text in &texts {
        let row = Repository::<Totals>::get(&repository, text).await.unwrap().unwrap();
        assert_eq!(serde_json_count(&row), 1);
        let stream = StreamId::new("conformance", text.as_str());
        let at = Repository::<Totals>::checkpoints(&repository, &[stream]).await.unwrap();
        assert_eq!(at[0].applied, 1);
    }
    let mut due = texts.to_vec();
    due.sort();
    let mut listed: Vec<String> = Vec::new();
    loop {
        let page =
            Repository::<Totals>::list(&repository, listed.last().map(String::as_str), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page.into_iter().map(|(key, _)| key));
    }
    assert_eq!(listed, due);
    assert_eq!(Repository::<Totals>::parked(&repository, 9).await.unwrap().len(), 1);
    assert_eq!(Repository::<Totals>::dead_letters(&repository, 9).await.unwrap().len(), texts.len());
}

fn serde_json_count(row: &[u8]) -> u64 {
    es_core::projection::ViewRow::from_json(row).map(|tally: Tally| tally.count).unwrap()
}
