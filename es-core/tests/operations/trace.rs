use std::sync::Arc;

use es_core::{
    event::{Codec, CommandMetadata, FrameBuilder, TraceParent, framing},
    store::{Commit, EventStore, Version},
};

use super::spans::Spans;
use crate::listener::world::{Tick, World, stream};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn traced() -> CommandMetadata {
    CommandMetadata::default().header("user", "ann").trace(TRACE.parse().unwrap())
}

/// One header, so that rows of every version hold it, and the last one given counts.
#[test]
fn the_context_is_a_header_of_the_stored_metadata() {
    let other: TraceParent = TRACE.replace("b7", "aa").parse().unwrap();
    let metadata =
        CommandMetadata::default().trace(other).header("user", "ann").trace(TRACE.parse().unwrap());
    assert_eq!(metadata, traced());
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(uuid::Uuid::nil(), &metadata, &[Tick]).unwrap();
    let stored = framing::commands(&frame.finish().1).unwrap();
    assert_eq!(stored[0].metadata.header_value("traceparent"), Some(TRACE));
    assert_eq!(stored[0].metadata.trace_parent(), Some(TRACE.parse().unwrap()));
    let broken = CommandMetadata::default().header("traceparent", "00-nonsense");
    assert_eq!(broken.trace_parent(), None);
}

/// The listener has a span for each command with a context, and none for others.
#[tokio::test]
async fn the_trace_goes_on_to_the_view() {
    let (spans, _here) = Spans::kept();
    let world = World::start().await;
    let mut frame = FrameBuilder::new(Codec::Bincode);
    let commands = [CommandMetadata::default(), traced()];
    for (id, metadata) in (1..).zip(&commands) {
        frame.push(uuid::Uuid::from_u128(id), metadata, &[Tick]).unwrap();
    }
    let commit = Arc::new(Commit::following(&Version::EMPTY, stream("a"), Codec::Bincode, frame));
    world.store.inner.append(commit.clone()).await.unwrap();
    world.feed.commit("p", 0, &commit);
    assert_eq!(world.settled("a").await, [1, 2]);
    let kept = spans.fields();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let due = [
        ("command", uuid::Uuid::from_u128(2).to_string()),
        ("projection", "seen".to_owned()),
        ("sequence", "1".to_owned()),
        ("stream", "clock/a".to_owned()),
        ("traceparent", TRACE.to_owned()),
    ];
    let due = due.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(kept[0].clone().into_iter().collect::<Vec<_>>(), due);
}
