use std::{collections::HashMap, sync::Arc};

use super::append_all;
use crate::{
    store::{EventStore, StreamId, Version},
    testing::conformance::{
        EventStoreFixture,
        notes::{CATEGORY, ELSEWHERE, chain, one, stream},
    },
};

async fn heads(store: &impl EventStore, category: &str, limit: usize) -> Vec<(StreamId, Version)> {
    heads_after(store, category, None, limit).await
}

async fn heads_after(
    store: &impl EventStore,
    category: &str,
    mut after: Option<String>,
    limit: usize,
) -> Vec<(StreamId, Version)> {
    let mut all = Vec::new();
    loop {
        let page = store.heads(category, after.as_deref(), limit).await.expect("heads");
        assert!(page.heads.len() <= limit, "{} heads where {limit} are the most", page.heads.len());
        all.extend(page.heads);
        match page.next {
            None => return all,
            next if next == after => panic!("the cursor does not move"),
            next => after = next,
        }
    }
}

/// Whatever the page size: every stream of the category, once, at its end.
pub async fn heads_are_complete(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let mut due = HashMap::new();
    for n in 0..53 {
        let commits = chain(&stream(&format!("s{n}")), (0..n % 4 + 1).map(|k| k + 1));
        append_all(&store, &commits).await;
        due.insert(commits[0].stream.clone(), commits[commits.len() - 1].version());
        append_all(&store, &chain(&StreamId::new(ELSEWHERE, format!("s{n}")), [1])).await;
    }
    for limit in [1, 7, 52, 53, 54, 1000] {
        let heads = heads(&store, CATEGORY, limit).await;
        assert_eq!(heads.len(), due.len(), "by {limit}: missing or repeated");
        assert_eq!(heads.into_iter().collect::<HashMap<_, _>>(), due, "by {limit}");
    }
    assert!(heads(&store, "nobody", 10).await.is_empty());
    for most in [1, 2, 7, 40] {
        let parts = store.parts(CATEGORY, most);
        assert!((1..=most).contains(&parts.len()), "{} parts where {most} are the most", parts.len());
        let mut heads = Vec::new();
        for part in parts {
            heads.extend(heads_after(&store, CATEGORY, part, 5).await);
        }
        assert_eq!(heads.len(), due.len(), "in {most} parts: missing or repeated");
        assert_eq!(heads.into_iter().collect::<HashMap<_, _>>(), due, "in {most} parts");
    }
}

/// Streams that grow meanwhile are reported once, at one of their versions, and none is left out.
pub async fn heads_while_writing(fixture: impl EventStoreFixture) {
    let store = Arc::new(fixture.open().await);
    let streams: Vec<_> = (0..20).map(|n| stream(&format!("s{n}"))).collect();
    let mut versions: Vec<_> = Vec::new();
    for stream in &streams {
        let commit = one(&Version::EMPTY, stream);
        versions.push(commit.version());
        append_all(&*store, &[commit]).await;
    }
    let writer = {
        let (store, streams) = (store.clone(), streams.clone());
        tokio::spawn(async move {
            for _ in 0..10 {
                for (stream, version) in streams.iter().zip(&mut versions) {
                    let commit = one(version, stream);
                    *version = commit.version();
                    append_all(&*store, &[commit]).await;
                }
            }
        })
    };
    loop {
        let done = writer.is_finished();
        let heads = heads(&*store, CATEGORY, 3).await;
        assert_eq!(heads.len(), streams.len(), "missing or repeated");
        let heads: HashMap<_, _> = heads.into_iter().collect();
        for stream in &streams {
            let last = heads[stream].last_sequence();
            assert!((1..=11).contains(&last));
            assert!(!done || last == 11, "{stream} ends at 11, not {last}");
        }
        if done {
            break;
        }
    }
    writer.await.expect("the writer");
}
