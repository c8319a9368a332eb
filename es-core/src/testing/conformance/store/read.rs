use std::{collections::HashSet, sync::Arc};

use super::{append_all, assert_holds, read_all};
use crate::{
    store::{Commit, EventStore, StreamId, Version},
    testing::conformance::{
        EventStoreFixture,
        notes::{CATEGORY, ELSEWHERE, chain, commit_of_size, odd_texts, one, stream},
    },
};

/// Whatever the page size: ascending, nothing missing, nothing twice, and `more` only when there is more.
pub async fn pages_are_in_order_and_complete(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let stream = stream("pages");
    let commits = chain(&stream, (0..57).map(|n| n % 3 + 1));
    append_all(&store, &commits).await;
    for limit in [1, 2, 19, 56, 57, 58, usize::MAX] {
        assert_eq!(read_all(&store, &stream, limit).await, commits, "by {limit}");
    }
    let page = store.read(&stream, 1, 57).await.expect("a page");
    assert!(!page.more, "57 of 57, and more?");
    let page = store.read(&stream, 1, 56).await.expect("a page");
    assert!(page.more, "56 of 57, and no more?");
}

/// A read begins with the first commit that begins at `from` or later.
pub async fn a_read_from_the_middle(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let stream = stream("middle");
    let commits = chain(&stream, [3, 1, 4, 2]);
    append_all(&store, &commits).await;
    for from in 0..=12 {
        let page = store.read(&stream, from, 100).await.expect("a page");
        let due: Vec<_> = commits.iter().filter(|c| c.sequence >= from).cloned().collect();
        assert_eq!((page.commits, page.more), (due, false), "from {from}");
    }
    let page = store.read(&stream, u64::MAX, 100).await.expect("a page");
    assert!(page.commits.is_empty() && !page.more);
}

/// A stream of 12 MiB comes back whole; the store may end its pages where it likes.
pub async fn big_commits_come_back_page_by_page(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let stream = stream("big");
    let size = store.limits().commit_bytes.min(512 << 10);
    let (mut at, mut commits) = (Version::EMPTY, Vec::new());
    for n in 0..24 {
        let commit = commit_of_size(&at, &stream, size - n);
        at = commit.version();
        commits.push(commit);
    }
    append_all(&store, &commits).await;
    assert_holds(&store, &stream, &commits).await;
}

/// Every text is an id, and two different texts are two streams.
pub async fn odd_ids_are_streams_of_their_own(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let mut commits = Vec::new();
    for id in odd_texts() {
        let chain = chain(&stream(&id), [1, 2]);
        append_all(&store, &chain).await;
        commits.push(chain);
    }
    for chain in &commits {
        assert_holds(&store, &chain[0].stream, chain).await;
    }
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.heads(CATEGORY, after.as_deref(), 5).await.expect("heads");
        ids.extend(page.heads.into_iter().map(|(stream, _)| stream.id.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids.len(), commits.len(), "streams listed");
    assert_eq!(ids.into_iter().collect::<HashSet<_>>(), odd_texts().into_iter().collect());
}

/// A category is part of the stream's name, and the two parts are not run together.
pub async fn categories_do_not_mix(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let names = [(CATEGORY, "1"), (ELSEWHERE, "1"), ("ab", "c"), ("a", "bc"), ("abc", "")];
    let mut commits: Vec<Arc<Commit>> = Vec::new();
    for (category, id) in names {
        let commit = one(&Version::EMPTY, &StreamId::new(category, id));
        append_all(&store, std::slice::from_ref(&commit)).await;
        commits.push(commit);
    }
    for commit in &commits {
        assert_holds(&store, &commit.stream, std::slice::from_ref(commit)).await;
        let heads = store.heads(&commit.stream.category, None, 10).await.expect("heads");
        let due: Vec<_> = commits.iter().filter(|c| c.stream.category == commit.stream.category).collect();
        assert_eq!(heads.heads.len(), due.len(), "streams of {}", commit.stream.category);
        assert!(due.iter().all(|c| heads.heads.contains(&(c.stream.clone(), c.version()))));
    }
}
