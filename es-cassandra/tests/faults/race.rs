//! Reads that other writers overtake between two requests.

use es_core::store::{EventStore, Version, check_chain};

use super::proxy::{Count, Fate, Kind, Proxy};
use crate::{
    cluster::Keyspace,
    commits::{extend, stream},
};

/// Bucket 0 is empty when it is read, then it is filled and bucket 1 begun, then bucket 1 is read.
#[tokio::test]
async fn a_bucket_that_fills_while_it_is_read_is_not_left_out() {
    let (keyspace, proxy) = (Keyspace::fresh("overtaken"), Proxy::start().await);
    let writer = keyspace.store().category("ledger").bucket_size(4).connect().await.unwrap();
    let reader = proxy.store(&keyspace).category("ledger").connect().await.unwrap();
    // Of a new stream, and of one that ends where its first bucket does.
    for (before, from) in [(0, 1), (4, 5)] {
        let stream = stream(&format!("after {before}"));
        let at = extend(&writer, Version::EMPTY, &stream, before).await;
        proxy.once(Kind::Page, 2, Fate::Hold);
        let read = {
            let (reader, stream) = (reader.clone(), stream.clone());
            tokio::spawn(async move { reader.read(&stream, from, 100).await })
        };
        proxy.held(1).await;
        let end = extend(&writer, at, &stream, 5).await;
        assert_eq!(end.last_sequence(), before as u64 + 5, "one more than the bucket holds");
        proxy.release().await;
        let page = read.await.unwrap().unwrap();
        check_chain(&at, &page.commits).unwrap();
        let mut seen = page.commits;
        while seen.last().is_none_or(|commit| commit.version() != end) {
            let from = seen.last().map_or(from, |commit| commit.last_sequence + 1);
            let page = reader.read(&stream, from, 100).await.unwrap();
            assert!(!page.commits.is_empty(), "acknowledged before this read");
            seen.extend(page.commits);
            check_chain(&at, &seen).unwrap();
        }
    }
}

/// Where a stream ends is what is decided, also what no quorum read has seen yet: a view may show it.
#[tokio::test]
async fn an_end_is_looked_at_serially() {
    let (keyspace, proxy) = (Keyspace::fresh("ends"), Proxy::start().await);
    let writer = keyspace.store().category("ledger").bucket_size(4).connect().await.unwrap();
    let reader = proxy.store(&keyspace).category("ledger").connect().await.unwrap();
    // Of a new stream, within a bucket, at its end, and into the next ones; then each of them from where it was.
    for (events, first, again) in [(0, 1, 1), (1, 1, 1), (4, 2, 2), (5, 2, 1), (17, 6, 1)] {
        let stream = stream(&events.to_string());
        let at = extend(&writer, Version::EMPTY, &stream, events).await;
        for requests in [first, again] {
            proxy.calm();
            assert_eq!(reader.head(&stream).await.unwrap(), at);
            let Count { requests: asked, serial, .. } = proxy.count(Kind::Head);
            assert_eq!((asked, serial), (requests, requests), "after {events} events");
        }
    }
}

/// A stream that goes on into its next bucket while all streams are listed is listed once, wherever in the table
/// its buckets are.
#[tokio::test]
async fn a_stream_that_enters_a_new_bucket_is_listed_once() {
    const STREAMS: usize = 12;
    let keyspace = Keyspace::fresh("listed");
    let store = keyspace.store().category("ledger").bucket_size(2).connect().await.unwrap();
    let streams: Vec<_> = (0..STREAMS).map(|n| stream(&format!("s{n}"))).collect();
    let mut ends = Vec::new();
    for stream in &streams {
        ends.push(extend(&store, Version::EMPTY, stream, 2).await);
    }
    let (mut listed, mut next, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = store.heads("ledger", next.as_deref(), 2).await.unwrap();
        listed.extend(page.heads);
        next = page.next;
        if next.is_none() {
            break;
        }
        pages += 1;
        // Each time, every stream goes on into a bucket of its own.
        if pages <= 4 {
            for (stream, end) in streams.iter().zip(&mut ends) {
                *end = extend(&store, *end, stream, 2).await;
            }
        }
    }
    let mut names: Vec<_> = listed.iter().map(|(stream, _)| stream.id.to_string()).collect();
    names.sort();
    let mut due: Vec<_> = streams.iter().map(|stream| stream.id.to_string()).collect();
    due.sort();
    assert_eq!(names, due);
    for (stream, head) in listed {
        let last = head.last_sequence();
        assert!(last >= 2 && last % 2 == 0 && last <= 10, "{stream} was never at {last}");
    }
}
