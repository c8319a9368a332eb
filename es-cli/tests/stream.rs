//! Stored events, without the code that stored them.

use std::{path::Path, sync::Arc};

use es_core::{
    event::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet, FrameBuilder},
    store::{Commit, EventStore, StreamId, Version},
};
use es_sql::SqliteEventStore;
use serde::Serialize;
use uuid::Uuid;

use super::{cargo_es, printed};

const LOCK: &str = "\
format 1

account.deposited v1 crate::DepositedV1
    amount: u32

account.deposited v2 crate::Deposited
    amount: u64
    by: enum
    by::Card: struct
    by::Card.digits: array<u8, 4>

account.opened v1 crate::Opened
    owner: string
    id: uuid
";

#[derive(Serialize)]
#[serde(untagged)]
enum Stored {
    Opened {
        owner: &'static str,
        id: Uuid,
    },
    DepositedV1 {
        amount: u32,
    },
    Deposited {
        amount: u64,
        by: By,
    },
    /// In no lock file.
    Closed {
        why: &'static str,
    },
}

#[derive(Serialize)]
enum By {
    Card { digits: [u8; 4] },
}

impl EventSet for Stored {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "account.opened",
            Self::DepositedV1 { .. } | Self::Deposited { .. } => "account.deposited",
            Self::Closed { .. } => "account.closed",
        }
    }
    fn version(&self) -> u32 {
        if matches!(self, Self::Deposited { .. }) { 2 } else { 1 }
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        codec.encode(self, out)
    }
    fn decode(_: &str, _: u32, _: Codec, _: &[u8]) -> Result<Self, DecodeError> {
        Err(DecodeError::Frame { reason: "not read here".to_owned() })
    }
}

async fn append(store: &impl EventStore, after: Version, codec: Codec, events: &[Stored]) -> Version {
    let mut frame = FrameBuilder::new(codec);
    frame.push(Uuid::from_u128(7), &CommandMetadata::default(), events).unwrap();
    let commit = Arc::new(Commit::following(&after, StreamId::new("account", "42"), codec, frame));
    store.append(commit.clone()).await.unwrap();
    commit.version()
}

fn show(folder: &Path, id: &str, good: bool) -> String {
    let (store, lock) = (folder.join("bank.db"), folder.join("events.lock"));
    let mut command = cargo_es(&["stream", "show", "account", id]);
    printed(command.arg("--sqlite").arg(store).arg("--lock").arg(lock), good)
}

#[tokio::test]
async fn events_of_every_codec_and_version() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("events.lock"), LOCK).unwrap();
    let store = SqliteEventStore::open(folder.path().join("bank.db")).await.unwrap();
    let opened = Stored::Opened { owner: "Ann", id: Uuid::from_u128(1) };
    let card = || By::Card { digits: [1, 2, 3, 4] };
    let v1 = || Stored::DepositedV1 { amount: 300 };
    let at = append(&store, Version::EMPTY, Codec::Bincode, &[opened, v1()]).await;
    let at = append(&store, at, Codec::Json, &[v1(), Stored::Deposited { amount: 5, by: card() }]).await;
    let at = append(&store, at, Codec::Bincode, &[Stored::Deposited { amount: u64::MAX, by: card() }]).await;
    let shown = show(folder.path(), "42", true);
    let lines: Vec<serde_json::Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let data: Vec<String> = lines.iter().map(|line| line["data"].to_string()).collect();
    assert_eq!(
        data,
        [
            r#"{"id":"00000000-0000-0000-0000-000000000001","owner":"Ann"}"#,
            r#"{"amount":300}"#,
            r#"{"amount":300}"#,
            r#"{"amount":5,"by":{"Card":{"digits":[1,2,3,4]}}}"#,
            r#"{"amount":18446744073709551615,"by":{"Card":{"digits":[1,2,3,4]}}}"#,
        ]
    );
    for (sequence, line) in (1..).zip(&lines) {
        assert_eq!(line["sequence"], sequence);
        assert_eq!(line["command"], Uuid::from_u128(7).to_string());
    }
    assert_eq!((&lines[4]["event"], &lines[4]["version"]), (&"account.deposited".into(), &2.into()));

    // One that is not locked is named, the others are shown.
    append(&store, at, Codec::Bincode, &[Stored::Closed { why: "moved" }, v1()]).await;
    let shown = show(folder.path(), "42", false);
    assert!(shown.contains("\"error\":\"`account.closed` version 1 is not in the lock file"), "{shown}");
    assert_eq!(shown.lines().count(), 7);
}

/// Needs Cassandra: that of the stack, or of `ES_CASSANDRA_HOSTS`.
#[cfg(feature = "cassandra")]
mod on_server {
    use es_cassandra::{CassandraEventStore, Replication};

    use super::*;

    #[tokio::test]
    async fn events_on_cassandra() {
        let hosts = std::env::var("ES_CASSANDRA_HOSTS").unwrap_or_else(|_| "127.0.0.1:9042".to_owned());
        let keyspace = format!("shown_{}", &Uuid::now_v7().simple().to_string()[..24]);
        let builder = || CassandraEventStore::builder(hosts.split(',')).keyspace(&keyspace);
        let store = builder().category("account").create_if_missing(Replication::Simple(1)).connect().await;
        let store = store.unwrap();
        let v1 = || Stored::DepositedV1 { amount: 300 };
        let v2 = Stored::Deposited { amount: 5, by: By::Card { digits: [1, 2, 3, 4] } };
        let at = append(&store, Version::EMPTY, Codec::Bincode, &[v1()]).await;
        append(&store, at, Codec::Json, &[v2]).await;
        let lock = tempfile::tempdir().unwrap();
        let lock = lock.path().join("events.lock");
        std::fs::write(&lock, LOCK).unwrap();
        let show = |id: &str, good| {
            let mut command = cargo_es(&["stream", "show", "account", id, "--keyspace", &keyspace]);
            printed(command.args(["--cassandra", &hosts]).arg("--lock").arg(&lock), good)
        };
        let (shown, empty) = (show("42", true), show("43", false));
        builder().drop_keyspace().await.unwrap();
        let lines = shown.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let data: Vec<String> = lines.map(|line| line["data"].to_string()).collect();
        assert_eq!(data, [r#"{"amount":300}"#, r#"{"amount":5,"by":{"Card":{"digits":[1,2,3,4]}}}"#]);
        assert!(empty.contains("has no events"), "{empty}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let told = show(folder.path(), "42", false);
    assert!(told.contains("events.lock does not exist"), "{told}");
    std::fs::write(folder.path().join("events.lock"), LOCK).unwrap();
    let told = show(folder.path(), "42", false);
    assert!(told.contains("bank.db does not exist") && !folder.path().join("bank.db").exists(), "{told}");
    let told = printed(&mut cargo_es(&["stream", "show", "account", "42"]), false);
    assert!(told.contains("say where the events are"), "{told}");
}
