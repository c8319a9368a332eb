//! How many requests things take, counted on their way.

use es_core::{
    aggregate::Aggregate,
    app::App,
    handler::ExecuteError,
    store::{EventStore, Version},
};

use super::{
    Both, PATIENCE,
    proxy::{Kind, Proxy},
    until,
};
use crate::{
    commits::{extend, stream},
    ledger::{Do, Fact, Ledger, Refused, add},
};

const ALL: [Kind; 6] =
    [Kind::Insert, Kind::Place, Kind::Page, Kind::Head, Kind::LoadSnapshot, Kind::SaveSnapshot];

/// What there was since the last time.
fn requests(proxy: &Proxy) -> Vec<(Kind, u64)> {
    let counts = ALL.map(|kind| (kind, proxy.count(kind).requests));
    proxy.calm();
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

async fn both(name: &str) -> (Both, App) {
    let both = Both::with_timeout(name, PATIENCE, PATIENCE).await;
    let app = App::builder(both.store.clone()).start().await.unwrap();
    (both, app)
}

/// A command on a cached aggregate is one insert, and a refusal is one look at where the stream ends, also of a stream of
/// many buckets; where another process has written meanwhile, it is read from the last known commit on.
#[tokio::test]
async fn a_cached_aggregate_costs_one_request() {
    let (both, app) = both("cost").await;
    for commits in [3, 70] {
        let (id, at) = (commits.to_string(), stream(&commits.to_string()));
        extend(&both.direct, Version::EMPTY, &at, commits).await;
        app.execute(&id, add(0)).await.unwrap();
        both.proxy.calm();
        app.execute(&id, add(1)).await.unwrap();
        assert_eq!(requests(&both.proxy), [(Kind::Insert, 1)], "{commits}");
        app.execute(&id, Do::<0, 0>::Look).await.unwrap_err();
        assert_eq!(requests(&both.proxy), [(Kind::Head, 1)], "{commits}");
        app.execute(&id, Do::<0, 0>::Nothing).await.unwrap();
        assert_eq!(requests(&both.proxy), [(Kind::Head, 1)], "{commits}");
        let head = both.direct.head(&at).await.unwrap();
        extend(&both.direct, head, &at, 1).await;
        let Err(ExecuteError::Rejected(Refused(seen))) = app.execute(&id, Do::<0, 0>::Look).await else {
            panic!("a refusal was due");
        };
        assert_eq!(seen.len(), commits + 3);
        assert_eq!(requests(&both.proxy), [(Kind::Page, 1), (Kind::Head, 1)], "{commits}");
    }
}

/// An aggregate that is not in memory is its snapshot and what came after; one of another shape is a miss.
#[tokio::test]
async fn a_snapshot_saves_reading_what_came_before_it() {
    const EVENTS: usize = 150;
    let (both, app) = both("rehydrate").await;
    let id = "a".to_owned();
    for _ in 0..EVENTS / 10 {
        let padded = vec![Fact::Padding(1000), Fact::Added(7)];
        let facts = padded.into_iter().cycle().take(10).collect();
        app.execute(&id, Do::<100, 1>::Emit(facts)).await.unwrap();
    }
    // It is kept after the command's reply.
    let fingerprint = Ledger::<100, 1>::SNAPSHOT.unwrap().fingerprint;
    let kept = async || both.direct.load_snapshot(&stream("a"), fingerprint).await.unwrap();
    until(async || kept().await.is_some_and(|kept| kept.version.last_sequence() == 100)).await;

    let load = async |both: &Both| {
        let app = App::builder(both.store.clone()).start().await.unwrap();
        both.proxy.calm();
        let loaded = app.load::<Ledger<100, 1>>(&id).await.unwrap();
        assert_eq!((loaded.version, loaded.state.entries), (EVENTS as u64, vec![7; EVENTS / 2]));
        both.proxy.count(Kind::Page).answered
    };
    let with = load(&both).await;
    let app = App::builder(both.store.clone()).start().await.unwrap();
    both.proxy.calm();
    // The same stream under a state of another shape.
    let loaded = app.load::<Ledger<100, 2>>(&id).await.unwrap();
    assert_eq!((loaded.version, loaded.state.entries), (EVENTS as u64, vec![7; EVENTS / 2]));
    let without = both.proxy.count(Kind::Page).answered;
    assert!(without > 75_000, "the whole stream: {without} bytes");
    // The snapshot's own commit and the five after it, of fifteen.
    assert!((30_000..40_000).contains(&with), "the tail alone: {with} bytes");
}

/// However many commits are asked for, and however big they are, an answer is one that a node can give.
#[tokio::test]
async fn big_commits_come_by_the_handful() {
    let (both, app) = both("big").await;
    let id = "a".to_owned();
    for _ in 0..40 {
        app.execute(&id, Do::<0, 0>::Emit(vec![Fact::Padding(500_000)])).await.unwrap();
    }
    let mut from = 1;
    while from <= 40 {
        both.proxy.calm();
        let page = both.store.read(&stream("a"), from, 256).await.unwrap();
        let count = both.proxy.count(Kind::Page);
        assert!(count.answered < 10 << 20, "{} bytes in {} answers", count.answered, count.requests);
        from = page.commits.last().unwrap().last_sequence + 1;
        assert_eq!(page.more, from <= 40);
    }
}
