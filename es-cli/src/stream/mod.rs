//! `cargo es stream`: stored events, read by the lock file alone.

use serde_json::{Value, json, value::RawValue};
use std::{
    io,
    path::{Path, PathBuf},
};

use es_core::{
    schema::{
        Shape,
        lock::{LockFile, LockedEvent},
        to_json,
    },
    store::{Commit, EventStore, ReadError, StreamId},
};

use crate::{
    Outcome,
    schema::{self, SchemaError},
};

/// How many commits are read at once.
const PAGE: usize = 500;

/// Where the events are stored.
pub(crate) enum Place {
    Sqlite(PathBuf),
    #[cfg(feature = "cassandra")]
    Cassandra {
        hosts: Vec<String>,
        keyspace: String,
    },
}

/// Why a stream could not be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StreamError {
    #[cfg(not(feature = "cassandra"))]
    #[error(
        "say where the events are: `--sqlite FILE` (for Cassandra, build es-cli with `--features cassandra`)"
    )]
    NoStore,
    #[cfg(feature = "cassandra")]
    #[error("say where the events are: `--sqlite FILE`, or `--cassandra HOSTS --keyspace NAME`")]
    NoStore,
    #[cfg(feature = "cassandra")]
    #[error("say in which keyspace: `--keyspace NAME`")]
    NoKeyspace,
    #[error(transparent)]
    Lock(#[from] SchemaError),
    #[error("{path} does not exist", path = path.display())]
    NoFile { path: PathBuf },
    #[error("the runtime cannot be started: {0}")]
    Runtime(#[from] io::Error),
    #[error(transparent)]
    Open(#[from] es_sql::OpenError),
    #[cfg(feature = "cassandra")]
    #[error(transparent)]
    Connect(#[from] es_cassandra::ConnectError),
    #[error("the stream {stream} cannot be read: {error}")]
    Read { stream: StreamId, error: ReadError },
    #[error("the stream {0} has no events")]
    Empty(StreamId),
}

/// The events of one aggregate, one line of JSON for each.
pub(crate) fn show(lock: &Path, category: &str, id: &str, place: &Place) -> Result<Outcome, StreamError> {
    let locked =
        schema::read(lock.to_owned())?.ok_or_else(|| SchemaError::NoLock { path: lock.to_owned() })?;
    let stream = StreamId::new(category.to_owned(), id);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut outcome = Outcome { text: String::new(), good: true };
    runtime.block_on(async {
        match place {
            Place::Sqlite(path) => {
                if !path.is_file() {
                    return Err(StreamError::NoFile { path: path.clone() });
                }
                print(&es_sql::SqliteEventStore::open(path).await?, &stream, &locked, &mut outcome).await
            }
            #[cfg(feature = "cassandra")]
            Place::Cassandra { hosts, keyspace } => {
                let builder = es_cassandra::CassandraEventStore::builder(hosts.clone());
                let store = builder.keyspace(keyspace).category(category).connect().await?;
                print(&store, &stream, &locked, &mut outcome).await
            }
        }
    })?;
    Ok(outcome)
}

async fn print(
    store: &impl EventStore,
    stream: &StreamId,
    locked: &LockFile,
    outcome: &mut Outcome,
) -> Result<(), StreamError> {
    let mut from = 1;
    loop {
        let page = store.read(stream, from, PAGE).await;
        let page = page.map_err(|error| StreamError::Read { stream: stream.clone(), error })?;
        for commit in &page.commits {
            from = commit.last_sequence + 1;
            outcome.good &= lines(commit, locked, &mut outcome.text);
        }
        if !page.more || page.commits.is_empty() {
            break;
        }
    }
    if outcome.text.is_empty() { Err(StreamError::Empty(stream.clone())) } else { Ok(()) }
}

/// Adds a line for each event; whether all could be read.
fn lines(commit: &Commit, locked: &LockFile, out: &mut String) -> bool {
    let (events, commands) = match (commit.raw_events(), commit.commands()) {
        (Ok(events), Ok(commands)) => (events, commands),
        (Err(error), _) | (_, Err(error)) => {
            let line = json!({ "sequence": commit.sequence, "commit": commit.id.to_string(), "error": error.to_string() });
            out.push_str(&format!("{line}\n"));
            return false;
        }
    };
    let mut good = true;
    let mut senders = commands.iter().flat_map(|c| (0..c.events).map(move |_| c.id));
    for (sequence, event) in (commit.sequence..).zip(events) {
        let head = json!({
            "sequence": sequence,
            "event": event.name,
            "version": event.version,
            "committed_at": commit.committed_at_millis(),
            "command": senders.next().map(|id| id.to_string()),
        });
        let shown = shape(locked, event.name, event.version)
            .and_then(|shape| to_json(&shape, commit.codec, event.payload).map_err(|e| e.to_string()))
            .and_then(|data| RawValue::from_string(data).map_err(|e| e.to_string()));
        let (name, value) = match shown {
            Ok(data) => ("data", data.to_string()),
            Err(error) => {
                good = false;
                ("error", Value::from(error).to_string())
            }
        };
        // The data as it is, also numbers that JSON readers would round.
        let head = head.to_string();
        out.push_str(&format!("{},\"{name}\":{value}}}\n", head.trim_end_matches('}')));
    }
    good
}

fn shape(locked: &LockFile, name: &str, version: u32) -> Result<Shape, String> {
    let event: Option<&LockedEvent> = locked.get(name, version);
    let event = event.ok_or_else(|| {
        format!("`{name}` version {version} is not in the lock file: take that of the code that wrote it")
    })?;
    event.parse().map_err(|error| error.to_string())
}
