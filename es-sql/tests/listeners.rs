//! Two listeners at work on the same views, each of which believes that it is alone.

use std::{sync::Arc, time::Duration};

use es_core::{
    app::App,
    event::{Codec, CommandMetadata, DecodeError, FrameBuilder, Metadata, RawEvent},
    projection::{Projection, Subscribed, ViewProjection, keying, style},
    repository::{MemoryRepository, Repository},
    store::{BoxError, Commit, EventStore, MemoryEventStore, StreamId, Version},
    testing::conformance::{Counts, Note, Tally, Totals},
};
use es_sql::{
    SqlRepository, SqliteEventStore,
    sqlx::{self, Connection, SqliteConnection, sqlite::SqliteConnectOptions},
};

const STREAMS: usize = 12;
const COMMITS: u64 = 40;
/// Only a failure waits for so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// [`Totals`], with time enough between reading a row and writing it for somebody else to read it too.
#[derive(Clone, Copy)]
pub(crate) struct Slow;

impl Projection for Slow {
    type Style = style::View;
    const NAME: &'static str = "slow";
    const SUBSCRIPTIONS: &'static [Subscribed] = Totals::SUBSCRIPTIONS;
}

impl ViewProjection for Slow {
    type View = Tally;
    type Key = str;
    type Keying = keying::ByKey;
    type Input = Note;
    const USES_METADATA: bool = false;

    fn decode(&self, event: &RawEvent<'_>, codec: Codec) -> Result<Option<Note>, DecodeError> {
        Totals.decode(event, codec)
    }
    fn key(&self, note: &Note, metadata: &Metadata, out: &mut String) {
        Totals.key(note, metadata, out);
    }
    fn fold(&self, view: &mut Tally, note: &Note, metadata: &Metadata) -> Result<(), BoxError> {
        std::thread::sleep(Duration::from_micros(500));
        Totals.fold(view, note, metadata)
    }
}

/// The commit after `after` that adds one to the row `key`.
pub(crate) fn one(after: &Version, stream: &StreamId, key: &str) -> Arc<Commit> {
    let mut frame = FrameBuilder::new(Codec::Json);
    let note = Note { key: key.to_owned(), amount: 1 };
    frame.push(uuid::Uuid::now_v7(), &CommandMetadata::default(), &[note]).unwrap();
    Arc::new(Commit::following(after, stream.clone(), Codec::Json, frame))
}

/// Appends a chain to each of [`STREAMS`] streams, all at once; every event goes to the row `key`.
pub(crate) async fn write(store: &MemoryEventStore, prefix: &str, key: &'static str) {
    let writers = (0..STREAMS).map(|n| {
        let (store, stream) = (store.clone(), StreamId::new("conformance", format!("{prefix}{n}")));
        tokio::spawn(async move {
            let mut at = Version::EMPTY;
            for _ in 0..COMMITS {
                let commit = one(&at, &stream, key);
                at = commit.version();
                store.append(commit).await.unwrap();
                // So that many small batches are applied, not one large.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

async fn row<P>(app: &App, key: &str) -> Option<Tally>
where
    P: ViewProjection<View = Tally, Key = str>,
{
    app.views::<P>().unwrap().get(key).await.unwrap()
}

/// Two processes share the work: each has aggregates of its own, and all of them belong to one row.
pub(crate) async fn share_a_row<R: Repository<Slow>>(repositories: [R; 2]) {
    let mut parts = Vec::new();
    for (prefix, repository) in ["a", "b"].into_iter().zip(repositories) {
        let store = MemoryEventStore::new();
        let app = App::builder(store.clone()).projection(Slow, repository).start().await.unwrap();
        parts.push((prefix, store, app));
    }
    // Only now, so that neither begins behind what the other has saved.
    let writers: Vec<_> = parts
        .iter()
        .map(|(prefix, store, _)| {
            let (prefix, store) = (*prefix, store.clone());
            tokio::spawn(async move { write(&store, prefix, "all").await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for (.., app) in &parts {
        app.caught_up(PATIENCE).await.unwrap();
    }
    let due = 2 * STREAMS as u64 * COMMITS;
    assert_eq!(row::<Slow>(&parts[0].2, "all").await, Some(Tally { count: due, sum: due as i64 }));
}

/// A listener that has lost its partitions without noticing goes on beside their new owner.
pub(crate) async fn zombie_and_owner<R>(zombie: R, owner: R)
where
    R: Repository<Counts> + Repository<Totals> + Clone,
{
    let store = MemoryEventStore::new();
    let mut apps = Vec::new();
    for repository in [zombie, owner] {
        let app = App::builder(store.clone()).projection(Counts, repository.clone());
        apps.push(app.projection(Totals, repository).start().await.unwrap());
    }
    write(&store, "s", "all").await;
    for app in &apps {
        app.caught_up(PATIENCE).await.unwrap();
    }
    for n in 0..STREAMS {
        let due = Some(Tally { count: COMMITS, sum: COMMITS as i64 });
        assert_eq!(row::<Counts>(&apps[0], &format!("s{n}")).await, due, "stream {n}");
    }
    let due = STREAMS as u64 * COMMITS;
    assert_eq!(row::<Totals>(&apps[0], "all").await, Some(Tally { count: due, sum: due as i64 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregates_of_two_listeners_share_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqlRepository::open(folder.path().join("views.db"));
    share_a_row([open().await.unwrap(), open().await.unwrap()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie_beside_the_owner_applies_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqlRepository::open(folder.path().join("views.db"));
    zombie_and_owner(open().await.unwrap(), open().await.unwrap()).await;
}

/// The views are elsewhere, and from after the backup.
#[tokio::test]
async fn a_store_that_was_restored_under_its_views_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let views = MemoryRepository::new();
    for (file, ids) in [("lost.db", &["a", "b", "c"][..]), ("restored.db", &["d"])] {
        let store = SqliteEventStore::open(folder.path().join(file)).await.unwrap();
        let app = App::builder(store.clone()).projection(Counts, views.clone()).start().await.unwrap();
        for id in ids {
            store.append(one(&Version::EMPTY, &StreamId::new("conformance", *id), "")).await.unwrap();
        }
        let within = tokio::time::timeout(PATIENCE, async {
            while row::<Counts>(&app, ids[ids.len() - 1]).await.is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        within.await.expect("it comes from the feed, without anybody who waits for it");
        // Saves how far it has come.
        app.shutdown().await;
    }
}

/// A row that cannot be read any more is set aside with its aggregate, and can be given up.
#[tokio::test]
async fn a_broken_row_can_be_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.db");
    let (store, stream) = (SqliteEventStore::open(&path).await.unwrap(), StreamId::new("conformance", "a"));
    let mut head = Version::EMPTY;
    for _ in 0..3 {
        let commit = one(&head, &stream, "");
        head = commit.version();
        store.append(commit).await.unwrap();
    }
    let options = SqliteConnectOptions::new().filename(&path);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let rot = "UPDATE es_commits SET codec = 'rot13' WHERE sequence = 2";
    sqlx::raw_sql(rot).execute(&mut other).await.unwrap();
    // Another process: this one still knows what it wrote.
    let store = SqliteEventStore::open(&path).await.unwrap();
    let app = App::builder(store).projection(Counts, MemoryRepository::new()).start().await.unwrap();
    app.caught_up(PATIENCE).await.unwrap();
    let parked = app.parked::<Counts>(9).await.unwrap().remove(0).checkpoint.parked.unwrap();
    assert!(parked.sequence == 2 && parked.error.contains("rot13"), "{parked:?}");
    app.skip_parked::<Counts>(&stream).await.unwrap();
    assert_eq!(row::<Counts>(&app, "a").await, Some(Tally { count: 2, sum: 2 }));
}
