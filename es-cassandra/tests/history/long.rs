//! A stream of many buckets.

use std::sync::Arc;

use es_core::{
    app::App,
    store::{EventStore, Version},
};

use crate::{
    cluster::Keyspace,
    commits::{commit, read_all, stream},
    ledger::Ledger,
};

/// Events of commits one after the other: short, long, of a whole bucket, and of what leaves every phase behind.
const LENGTHS: [usize; 7] = [1, 999, 2500, 3, 1777, 40, 2048];
const BUCKET: u64 = 2500;

/// `ES_LONG_EVENTS` says how many events, if not 200,000.
fn events() -> u64 {
    std::env::var("ES_LONG_EVENTS").map_or(200_000, |events| events.parse().unwrap())
}

/// It reads back whole, from the beginning and from any place; its end is found, and it is listed once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_many_buckets_reads_back_whole() {
    let keyspace = Keyspace::fresh("long");
    let store = keyspace.store().category("ledger").bucket_size(BUCKET).connect().await.unwrap();
    let stream = stream("a");
    let (mut at, mut kept) = (Version::EMPTY, Vec::new());
    for length in LENGTHS.into_iter().cycle() {
        let next = commit(&at, &stream, length);
        store.append(next.clone()).await.unwrap();
        at = next.version();
        // What they hold is long: their versions are enough to know them by.
        kept.push(at);
        if at.last_sequence() >= events() {
            break;
        }
    }
    println!("{} events, {} commits, {} buckets", at.last_sequence(), kept.len(), at.sequence() / BUCKET + 1);
    // Another process, which has seen none of it.
    let fresh = keyspace.store().category("ledger").connect().await.unwrap();
    assert_eq!(fresh.head(&stream).await.unwrap(), at);
    assert_eq!(fresh.heads("ledger", None, 10).await.unwrap().heads, [(stream.clone(), at)]);
    let read = read_all(&fresh, &stream).await;
    assert_eq!(read.iter().map(|commit| commit.version()).collect::<Vec<_>>(), kept);

    // From the first event of each commit, and from within it, the next is found.
    for pair in kept.windows(2).step_by(3) {
        let (this, next) = (pair[0], pair[1]);
        for (from, due) in [(this.sequence(), this), (this.last_sequence() + 1, next)] {
            let page = fresh.read(&stream, from, 1).await.unwrap();
            assert_eq!(page.commits.iter().map(|commit| commit.version()).collect::<Vec<_>>(), [due]);
        }
        if this.last_sequence() > this.sequence() {
            let page = fresh.read(&stream, this.last_sequence(), 1).await.unwrap();
            assert_eq!(page.commits.first().map(|commit| commit.version()), Some(next));
        }
    }
    assert!(fresh.read(&stream, at.last_sequence() + 1, 1).await.unwrap().commits.is_empty());

    let app = App::builder(fresh).start().await.unwrap();
    let loaded = app.load::<Ledger>(&"a".to_owned()).await.unwrap();
    assert_eq!(loaded.version, at.last_sequence());
    assert_eq!(loaded.state.entries.len() as u64, at.last_sequence());
    drop::<Vec<Arc<_>>>(read);
}
