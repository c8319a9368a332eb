//! How many single-event commits a second go through one store: `cargo run --release -p es-sql --example append_rate -- [appenders] [commits] [file]`.

use std::{sync::Arc, time::Instant};

use es_core::{
    event::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet, FrameBuilder},
    store::{Commit, EventStore, StreamId, Version},
};
use es_sql::SqliteEventStore;

struct Moved;

impl EventSet for Moved {
    fn name(&self) -> &'static str {
        "counter.moved"
    }
    fn version(&self) -> u32 {
        1
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        codec.encode(&("a place of some length", 17u64, 4u8), out)
    }
    fn decode(_: &str, _: u32, _: Codec, _: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |or: usize| arguments.next().map_or(Ok(or), |text| text.parse());
    let (appenders, commits) = (number(512)?, number(400_000)?);
    let folder = tempfile::tempdir()?;
    let store =
        SqliteEventStore::open(arguments.next().map_or(folder.path().join("rate.db"), Into::into)).await?;
    let started = Instant::now();
    let each = commits.div_ceil(appenders);
    let tasks = (0..appenders).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut version = Version::EMPTY;
            for _ in 0..each {
                let mut frame = FrameBuilder::new(Codec::Bincode);
                frame.push(uuid::Uuid::now_v7(), &CommandMetadata::default(), &[Moved])?;
                let stream = StreamId::new("counter", format!("N{n:05}"));
                let commit = Arc::new(Commit::following(&version, stream, Codec::Bincode, frame));
                version = commit.version();
                store.append(commit).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    let (seconds, commits) = (started.elapsed().as_secs_f64(), each * appenders);
    println!(
        "{commits} commits of {appenders} appenders in {seconds:.2} s: {:.0}/s",
        commits as f64 / seconds
    );
    Ok(())
}
