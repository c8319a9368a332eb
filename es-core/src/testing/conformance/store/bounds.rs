use super::{append_all, assert_holds};
use crate::{
    store::{AppendError, EventStore, Limits, Version},
    testing::conformance::{
        EventStoreFixture,
        notes::{Note, commit, commit_of_size, stream},
    },
};

/// A commit exactly at the limit is stored, byte for byte: the most bytes, and the most events.
pub async fn commits_at_the_limit_fit(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let Limits { commit_bytes, commit_events } = store.limits();
    let bytes = commit_of_size(&Version::EMPTY, &stream("bytes"), commit_bytes);
    append_all(&store, std::slice::from_ref(&bytes)).await;
    assert_holds(&store, &bytes.stream, std::slice::from_ref(&bytes)).await;

    let Some(events) = most_events(commit_events, commit_bytes) else { return };
    let events = commit(&Version::EMPTY, &stream("events"), &events);
    append_all(&store, std::slice::from_ref(&events)).await;
    assert_holds(&store, &events.stream, std::slice::from_ref(&events)).await;
}

/// One byte or one event over the limit is refused before anything is stored, with the numbers.
pub async fn commits_over_the_limit_are_refused(fixture: impl EventStoreFixture) {
    let store = fixture.open().await;
    let limits = store.limits();
    let bytes = commit_of_size(&Version::EMPTY, &stream("bytes"), limits.commit_bytes + 1);
    match store.append(bytes.clone()).await {
        Err(AppendError::TooLarge { size, events, limit_bytes, limit_events }) => {
            assert_eq!((size, events), (bytes.size(), 1));
            assert_eq!((limit_bytes, limit_events), (limits.commit_bytes, limits.commit_events));
        }
        other => panic!("{} bytes: too large, not {other:?}", bytes.size()),
    }
    assert_holds(&store, &bytes.stream, &[]).await;

    let Some(events) = most_events(limits.commit_events + 1, limits.commit_bytes) else { return };
    let events = commit(&Version::EMPTY, &stream("events"), &events);
    let outcome = store.append(events.clone()).await;
    assert!(matches!(outcome, Err(AppendError::TooLarge { .. })), "too many events: {outcome:?}");
    assert_holds(&store, &events.stream, &[]).await;
}

/// So many events, if they fit into the bytes.
fn most_events(events: u64, bytes: usize) -> Option<Vec<Note>> {
    let notes = vec![Note::new("", 1); usize::try_from(events).ok().filter(|n| *n < 1 << 20)?];
    (commit(&Version::EMPTY, &stream(""), &notes).size() <= bytes).then_some(notes)
}
