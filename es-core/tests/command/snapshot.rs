use super::*;
use es_core::{
    handler::LoadError,
    snapshot::Snapshot,
    store::{EventStore, ReadError},
};

const SHAPE: u64 = 1;
/// Kept after every three events.
type Kept = Ledger<3, SHAPE>;
/// The same with a field more, say.
type Reshaped = Ledger<3, 2>;

fn kept(n: u64) -> Envelope<Do<3, SHAPE>> {
    Do::add(n).with_id(uuid(n.into()))
}

async fn kept_snapshot(store: &FaultyStore) -> Option<Snapshot> {
    store.memory.load_snapshot(&stream(), SHAPE).await.unwrap()
}

/// Lets the tasks that save snapshots run.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Five events, a snapshot after the third; an App that has seen nothing yet.
async fn five() -> (FaultyStore, App) {
    let store = FaultyStore::new();
    let writer = app(&store).await;
    for n in 1..=5 {
        ask(&writer, kept(n)).await.unwrap();
        settle().await;
    }
    store.calls();
    let app = app(&store).await;
    (store, app)
}

#[tokio::test]
async fn is_taken_after_so_many_events_and_off_the_path() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    for n in 1..=7 {
        ask(&app, kept(n)).await.unwrap();
        assert!(!store.calls().contains(&Call::SaveSnapshot), "the command waited for it");
        settle().await;
        let taken = store.calls().contains(&Call::SaveSnapshot);
        assert_eq!(taken, n % 3 == 0, "after {n}");
        let version = kept_snapshot(&store).await.map_or(0, |s| s.version.last_sequence());
        assert_eq!(version, n - n % 3);
    }
    // Four events at once are over due: one snapshot after the commit, not one inside.
    let four = Do::<3, SHAPE>::new(|_| Ok((8..=11).map(Fact::Added).collect()));
    ask(&app, four).await.unwrap();
    settle().await;
    assert_eq!(kept_snapshot(&store).await.unwrap().version.last_sequence(), 11);
}

#[tokio::test]
async fn is_taken_only_of_what_was_acknowledged() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, kept(1)).await.unwrap();
    ask(&app, kept(2)).await.unwrap();
    for fault in [Fault::Unavailable, Fault::UnknownLost] {
        store.then(fault);
        ask(&app, kept(3)).await.unwrap_err();
        settle().await;
        assert_eq!(kept_snapshot(&store).await, None);
    }
    ask(&app, kept(4)).await.unwrap();
    settle().await;
    let head = store.memory.head(&stream()).await.unwrap();
    assert_eq!(kept_snapshot(&store).await.unwrap().version, head);
}

#[tokio::test]
async fn a_load_from_one_reads_only_the_tail() {
    let (store, app) = five().await;
    assert_eq!(ask(&app, kept(6)).await.unwrap().version, 6);
    // From the snapshot's own commit on, to see that it is still there.
    assert_eq!(store.calls(), [Call::LoadSnapshot, Call::Read(3), Call::Append(6)]);
    assert_eq!(stored(&store, "a").await, [1, 2, 3, 4, 5, 6]);
    let loaded = app.load::<Kept>(&id()).await.unwrap();
    assert_eq!((loaded.version, loaded.state.entries), (6, vec![1, 2, 3, 4, 5, 6]));
}

#[tokio::test]
async fn repeated_ids_are_found_on_both_sides_of_it() {
    let (store, app) = five().await;
    for n in [1, 3, 4, 5] {
        let done = ask(&app, kept(n)).await.unwrap();
        assert_eq!((done.duplicate, done.version, done.events), (true, n, vec![Fact::Added(n)]));
    }
    assert!(!ask(&app, kept(6)).await.unwrap().duplicate);
    assert_eq!(stored(&store, "a").await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn of_another_shape_is_a_miss() {
    let (store, app) = five().await;
    let loaded = app.load::<Reshaped>(&id()).await.unwrap();
    assert_eq!(loaded.state.entries, [1, 2, 3, 4, 5]);
    assert_eq!(store.calls(), [Call::LoadSnapshot, Call::Read(1)]);
    // Both shapes are kept, so that two versions of a program do not throw away each other's.
    let add = Do::<3, 2>::add(6);
    ask(&app, add).await.unwrap();
    settle().await;
    assert_eq!(kept_snapshot(&store).await.unwrap().version.last_sequence(), 3);
    let other = store.memory.load_snapshot(&stream(), 2).await.unwrap().unwrap();
    assert_eq!(other.version.last_sequence(), 6);
}

#[tokio::test]
async fn that_cannot_be_read_is_a_miss() {
    type Tamper = fn(Snapshot) -> Result<Option<Snapshot>, ReadError>;
    let tampers: [Tamper; 4] = [
        |s| Ok(Some(Snapshot { state: b"{\"entries\":".as_slice().into(), ..s })),
        |s| Ok(Some(Snapshot { command_ids: b"\x09".as_slice().into(), ..s })),
        |s| Ok(Some(Snapshot { command_ids: s.command_ids.slice(..s.command_ids.len() - 1), ..s })),
        |s| Err(ReadError::Corrupt { stream: s.stream, sequence: 3, reason: "rubbish".into() }),
    ];
    for tamper in tampers {
        let (store, app) = five().await;
        store.tamper_snapshots(move |snapshot| match snapshot {
            Ok(Some(snapshot)) => tamper(snapshot),
            other => other,
        });
        assert!(ask(&app, kept(2)).await.unwrap().duplicate);
        assert_eq!(ask(&app, kept(6)).await.unwrap().version, 6);
        assert_eq!(store.calls()[..2], [Call::LoadSnapshot, Call::Read(1)]);
        assert_eq!(stored(&store, "a").await, [1, 2, 3, 4, 5, 6]);
    }
}

#[tokio::test]
async fn that_cannot_be_reached_is_an_error() {
    let (store, app) = five().await;
    store.tamper_snapshots(|_| Err(ReadError::Unavailable("told not to answer".into())));
    let error = ask(&app, kept(6)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Load(_)), "{error:?}");
}

#[tokio::test]
async fn of_a_commit_that_is_not_stored_is_a_fork() {
    // Taken by a process whose rows were lost when a backup was restored.
    for len in [2, 5] {
        let (elsewhere, _) = five().await;
        let store = FaultyStore::new();
        let writer = app(&store).await;
        for n in 1..=len {
            ask(&writer, add(n)).await.unwrap();
        }
        let snapshot = kept_snapshot(&elsewhere).await.unwrap();
        store.memory.save_snapshot(snapshot).await.unwrap();
        let app = app(&store).await;
        match ask(&app, kept(6)).await.unwrap_err() {
            ExecuteError::Load(error) => {
                assert!(matches!(&*error, LoadError::Forked(f) if f.sequence == 3), "{error:?}")
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(store.commits("a").await.len() as u64, len);
    }
}

#[tokio::test]
async fn a_stream_that_was_long_already_gets_one() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    for n in 1..=10 {
        ask(&app, add(n)).await.unwrap();
    }
    ask(&app, kept(11)).await.unwrap();
    settle().await;
    assert_eq!(kept_snapshot(&store).await.unwrap().version.last_sequence(), 11);
}
