//! Several writers of one file: two stores in one process meet as two processes would, but for the gate.

use std::{sync::Arc, time::Duration};

use es_core::{
    event::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet, FrameBuilder},
    store::{AppendError, Commit, EventStore, StreamId, Version, check_chain},
};
use es_sql::{
    SqliteEventStore,
    sqlx::{self, Connection, SqliteConnection, sqlite::SqliteConnectOptions},
};
use tempfile::tempdir;

struct Ticked;

impl EventSet for Ticked {
    fn name(&self) -> &'static str {
        "clock.ticked"
    }
    fn version(&self) -> u32 {
        1
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        codec.encode(&1u8, out)
    }
    fn decode(_: &str, _: u32, _: Codec, _: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

fn tick(after: &Version, stream: &StreamId) -> Arc<Commit> {
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(uuid::Uuid::now_v7(), &CommandMetadata::default(), &[Ticked]).unwrap();
    Arc::new(Commit::following(after, stream.clone(), Codec::Bincode, frame))
}

/// Appends to streams of its own for as long as the test runs.
pub(crate) async fn keep_busy(store: SqliteEventStore) {
    let (stream, mut at) = (StreamId::new("clock", "busy"), Version::EMPTY);
    loop {
        let commit = tick(&at, &stream);
        at = commit.version();
        store.append(commit).await.unwrap();
    }
}

/// Sixteen writers on each of two stores over one file append to one stream: every acknowledged commit is
/// there once, and the chain has no gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_of_one_file_race() {
    const EACH: usize = 20;
    let folder = tempdir().unwrap();
    let path = folder.path().join("race.db");
    let stores = [SqliteEventStore::open(&path).await.unwrap(), SqliteEventStore::open(&path).await.unwrap()];
    let stream = StreamId::new("clock", "one");
    let writers = (0..32).map(|n| {
        let (store, stream) = (stores[n % 2].clone(), stream.clone());
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            while acknowledged.len() < EACH {
                let commit = tick(&store.head(&stream).await.unwrap(), &stream);
                match store.append(commit.clone()).await {
                    Ok(()) => acknowledged.push(commit.id),
                    Err(AppendError::Conflict { winner }) => {
                        assert!(winner.is_none_or(|w| w.id != commit.id))
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            acknowledged
        })
    });
    let mut acknowledged = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        acknowledged.extend(writer.await.unwrap());
    }
    let page = stores[0].read(&stream, 1, usize::MAX).await.unwrap();
    check_chain(&Version::EMPTY, &page.commits).unwrap();
    let mut stored: Vec<_> = page.commits.iter().map(|c| c.id).collect();
    stored.sort();
    acknowledged.sort();
    assert_eq!(stored, acknowledged);
    assert_eq!(stored.len(), 32 * EACH);
}

/// A process that holds the write lock is waited for; one that holds it too long makes the store say so,
/// and nothing was stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_write_lock_is_waited_for() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("held.db");
    let store = SqliteEventStore::open(&path).await.unwrap();
    let options = SqliteConnectOptions::new().filename(&path);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let stream = StreamId::new("clock", "held");

    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let commit = tick(&Version::EMPTY, &stream);
    let mut append = std::pin::pin!(store.append(commit.clone()));
    let waits = tokio::time::timeout(Duration::from_millis(300), &mut append).await;
    assert!(waits.is_err(), "{waits:?} while another process was writing");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    append.await.unwrap();

    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let next = tick(&commit.version(), &stream);
    let error = store.append(next.clone()).await.unwrap_err();
    assert!(matches!(error, AppendError::Unavailable(_)), "{error}");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(store.head(&stream).await.unwrap(), commit.version(), "it was certainly not stored");
    store.append(next).await.unwrap();
}

/// What fails before anything is written was certainly not stored, and the store goes on once it can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_gone_for_a_while_is_no_unknown_outcome() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("gone.db");
    let store = SqliteEventStore::open(&path).await.unwrap();
    let options = SqliteConnectOptions::new().filename(&path);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let commit = tick(&Version::EMPTY, &StreamId::new("clock", "gone"));

    sqlx::raw_sql("ALTER TABLE es_commits RENAME TO elsewhere").execute(&mut other).await.unwrap();
    let error = store.append(commit.clone()).await.unwrap_err();
    assert!(matches!(error, AppendError::Unavailable(_)), "{error}");
    sqlx::raw_sql("ALTER TABLE elsewhere RENAME TO es_commits").execute(&mut other).await.unwrap();
    store.append(commit).await.unwrap();
}

/// What was sent is written although its sender and the store's last handle are gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_outlives_the_handles() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("sent.db");
    let store = SqliteEventStore::open(&path).await.unwrap();
    let stream = StreamId::new("clock", "sent");
    let commit = tick(&Version::EMPTY, &stream);
    {
        let mut append = std::pin::pin!(store.append(commit.clone()));
        let sent = std::future::poll_fn(|cx| std::task::Poll::Ready(append.as_mut().poll(cx))).await;
        assert!(sent.is_pending());
    }
    drop(store);
    let store = SqliteEventStore::open(&path).await.unwrap();
    for _ in 0..100 {
        if store.head(&stream).await.unwrap() == commit.version() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the commit was not written");
}

/// A row that cannot be read does not stop the feed, and reading its stream names it.
#[tokio::test]
async fn a_broken_row_stops_nothing_else() {
    use es_core::feed::{ChangeFeed, FeedEvent, FeedPayload, Subscription};
    let folder = tempdir().unwrap();
    let path = folder.path().join("broken.db");
    let store = SqliteEventStore::open(&path).await.unwrap();
    let streams = ["a", "b", "c"].map(|id| StreamId::new("clock", id));
    for stream in &streams {
        store.append(tick(&Version::EMPTY, stream)).await.unwrap();
    }
    let mut other =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    for (column, broken) in [("codec", "'rot13'"), ("commit_id", "x'00'"), ("committed_at", "'noon'")] {
        let sql = format!("UPDATE es_commits SET {column} = {broken} WHERE aggregate_id = 'b'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut other).await.unwrap();
        // Another process's: this one's still knows what it wrote.
        let reader = SqliteEventStore::open(&path).await.unwrap();
        let mut feed = reader.feed().unwrap().subscribe("l", &["clock"]).await.unwrap();
        feed.next().await.unwrap();
        let FeedEvent::Records(records) = feed.next().await.unwrap() else { panic!("records") };
        assert_eq!(records.len(), 3, "{column}");
        assert!(matches!(&records[0].payload, FeedPayload::Commit(c) if c.stream == streams[0]));
        assert!(matches!(&records[1].payload, FeedPayload::Malformed { .. }), "{column}: {:?}", records[1]);
        assert!(matches!(&records[2].payload, FeedPayload::Commit(c) if c.stream == streams[2]));
        let error = store.read(&streams[1], 1, 10).await.unwrap_err().to_string();
        assert!(error.contains("clock/b") && error.contains("sequence 1"), "{column}: {error}");
        let mend = "UPDATE es_commits SET codec = 'bincode', committed_at = 5,
            commit_id = x'00112233445566778899aabbccddeeff'";
        sqlx::raw_sql(mend).execute(&mut other).await.unwrap();
    }
}

/// A place that another process has, with what this one cannot read: only who wants that place is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_place_that_cannot_be_read_keeps_nobody_waiting() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("taken.db");
    let store = SqliteEventStore::open(&path).await.unwrap();
    let (stream, other) = (StreamId::new("clock", "a"), StreamId::new("clock", "b"));
    let first = tick(&Version::EMPTY, &stream);
    store.append(first.clone()).await.unwrap();
    let there = SqliteEventStore::open(&path).await.unwrap();
    there.append(tick(&first.version(), &stream)).await.unwrap();
    let mut by_hand =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    let rot = "UPDATE es_commits SET codec = 'rot13' WHERE sequence = 2";
    sqlx::raw_sql(rot).execute(&mut by_hand).await.unwrap();
    let began = std::time::Instant::now();
    let (taken, stored) = tokio::join!(
        store.append(tick(&first.version(), &stream)),
        store.append(tick(&Version::EMPTY, &other))
    );
    assert!(matches!(taken, Err(AppendError::Conflict { winner: None })), "{taken:?}");
    stored.unwrap();
    // The budget for what a busy file does not answer is 10 s.
    assert!(began.elapsed() < Duration::from_secs(9));
}
