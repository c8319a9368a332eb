//! The reader, on records that real connectors wrote and on what becomes of them on the way.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use es_core::{
    event::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet, FrameBuilder},
    feed::FeedPayload,
    store::{Commit, LONGEST_ID, StreamId, from_millis},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Table, decode, key_of, record_of};

const CAPTURED: &[(&str, &str)] = &[
    ("debezium-cassandra-4", include_str!("../../tests/fixtures/debezium-cassandra-4.jsonl")),
    ("debezium-cassandra-5", include_str!("../../tests/fixtures/debezium-cassandra-5.jsonl")),
    ("scylla-advanced", include_str!("../../tests/fixtures/scylla-advanced.jsonl")),
    ("scylla-legacy", include_str!("../../tests/fixtures/scylla-legacy.jsonl")),
    ("scylla-legacy-rekeyed", include_str!("../../tests/fixtures/scylla-legacy-rekeyed.jsonl")),
];

fn table() -> Table {
    Table::new("es", "account")
}

/// The captured records, with the columns of an events table: what else they have is lost, so they are hints.
fn captured() -> &'static [(&'static str, Value, Value)] {
    static RECORDS: LazyLock<Vec<(&'static str, Value, Value)>> = LazyLock::new(read_captured);
    &RECORDS
}

fn read_captured() -> Vec<(&'static str, Value, Value)> {
    let mut records = Vec::new();
    for (file, lines) in CAPTURED {
        for line in lines.lines() {
            let mut line = line.to_owned();
            for (theirs, ours) in [
                ("\"seq\":", "\"sequence\":"),
                ("\"event_id\":", "\"commit_id\":"),
                ("\"payload\":", "\"events\":"),
                ("\"ts\":", "\"committed_at\":"),
                ("\"n\":", "\"last_sequence\":"),
                ("\"table\":\"events\"", "\"table\":\"account_events\""),
                ("\"table_name\":\"events\"", "\"table_name\":\"account_events\""),
                ("\"table_name\":\"ev2\"", "\"table_name\":\"account_events\""),
                ("\"table_name\":\"ev3\"", "\"table_name\":\"account_events\""),
            ] {
                line = line.replace(theirs, ours);
            }
            let record: Value = serde_json::from_str(&line).unwrap();
            records.push((*file, record["key"].clone(), record["value"].clone()));
        }
    }
    records
}

/// The value inside a cell, whatever wraps it.
fn inside(cell: &Value) -> &Value {
    if cell.is_object() { &cell["value"] } else { cell }
}

fn outcome(payload: &FeedPayload) -> String {
    match payload {
        FeedPayload::Commit(commit) => format!("commit {} {}", commit.stream, commit.sequence),
        FeedPayload::Hint { stream, sequence } => format!("hint {stream} {sequence}"),
        FeedPayload::Other => "other".to_owned(),
        FeedPayload::Malformed { reason, .. } => format!("refused: {reason}"),
        _ => "?".to_owned(),
    }
}

#[test]
fn every_captured_record_is_read_or_refused_with_a_reason() {
    let records = captured();
    assert_eq!(records.len(), 18 + 36 + 19 + 16 + 9);
    let (mut hints, mut others, mut foreign) = (0, 0, 0);
    for (file, key, value) in records {
        let (key_bytes, bytes) = (key.to_string(), value.to_string());
        let said = outcome(&decode(&table(), Some(key_bytes.as_bytes()), Some(bytes.as_bytes())));
        let source = &value["source"];
        let found = source["table"].as_str().or(source["table_name"].as_str()).unwrap();
        let sequence = inside(&value["after"]["sequence"]).as_i64().or(key["sequence"].as_i64());
        let expected = if found != "account_events" {
            foreign += 1;
            format!(
                "refused: the record is of table `es.{found}`, where `es.account_events` is expected: who else writes to this topic?"
            )
        } else if !matches!(value["op"].as_str().unwrap(), "i" | "c") {
            others += 1;
            "other".to_owned()
        } else {
            hints += 1;
            let id =
                inside(&value["after"]["aggregate_id"]).as_str().or(key["aggregate_id"].as_str()).unwrap();
            format!("hint account/{id} {}", sequence.unwrap())
        };
        assert_eq!(said, expected, "{file}: {value}");
    }
    assert!(hints > 40 && others > 20 && foreign > 6, "{hints} hints, {others} others, {foreign} foreign");
}

/// Rows of the store's own table, as each connector wrote them: of two aggregates, a commit of one event and then one
/// of two.
const OWN: &[(&str, &str)] = &[
    ("own-cassandra-4", include_str!("../../tests/fixtures/own-cassandra-4.jsonl")),
    ("own-cassandra-5", include_str!("../../tests/fixtures/own-cassandra-5.jsonl")),
    ("own-cassandra-5-connect", include_str!("../../tests/fixtures/own-cassandra-5-connect.jsonl")),
    (
        "own-cassandra-5-connect-schemas",
        include_str!("../../tests/fixtures/own-cassandra-5-connect-schemas.jsonl"),
    ),
];

#[test]
fn the_stores_own_rows_come_whole_from_each_connector() {
    for (file, lines) in OWN {
        let mut streams = BTreeMap::<_, Vec<_>>::new();
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let (key, value) = (record["key"].to_string(), record["value"].to_string());
            let commit =
                the_commit(decode(&Table::new("es", "clock"), Some(key.as_bytes()), Some(value.as_bytes())));
            streams.entry(commit.stream.to_string()).or_default().push(commit);
        }
        assert_eq!(streams.keys().collect::<Vec<_>>(), ["clock/a1", "clock/b \"2\" é"], "{file}");
        for commits in streams.values() {
            let [first, second] = &commits[..] else { panic!("{file}: {commits:?}") };
            assert_eq!((first.sequence, first.last_sequence, first.parent), (1, 1, None), "{file}");
            assert_eq!(
                (second.sequence, second.last_sequence, second.parent),
                (2, 3, Some(first.id)),
                "{file}"
            );
            for commit in commits {
                let events = commit.raw_events().unwrap();
                assert!(events.iter().all(|event| event.name == "clock.tick"), "{file}");
                assert_eq!(commit.commands().unwrap().len(), 1, "{file}");
                assert_eq!(commit.codec, Codec::Bincode, "{file}");
                assert!(commit.committed_at_millis() > 1_700_000_000_000, "{file}");
            }
        }
    }
}

fn commits() -> impl Strategy<Value = Commit> {
    let events = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..9);
    let codec = prop_oneof![Just(Codec::Json), Just(Codec::Bincode)];
    (
        any::<String>(),
        1..=u64::from(u32::MAX),
        events,
        any::<[u128; 2]>(),
        any::<i32>(),
        codec,
        any::<String>(),
    )
        .prop_map(|(id, sequence, events, ids, at, codec, header)| {
            let mut frame = FrameBuilder::new(codec);
            let last_sequence = sequence + events.len() as u64 - 1;
            let events: Vec<_> = events.into_iter().map(Payload).collect();
            let metadata = CommandMetadata::default().header("from", header);
            frame.push(Uuid::from_u128(ids[0] ^ 1), &metadata, &events).unwrap();
            let (events, metadata) = frame.finish();
            Commit {
                stream: StreamId::new("account", id),
                sequence,
                last_sequence,
                id: Uuid::from_u128(ids[0]),
                parent: (sequence > 1).then_some(Uuid::from_u128(ids[1])),
                committed_at: from_millis(i64::from(at) * 1000),
                codec,
                events,
                metadata,
            }
        })
}

/// An event of any bytes.
struct Payload(Vec<u8>);

impl EventSet for Payload {
    fn name(&self) -> &'static str {
        "account.any"
    }
    fn version(&self) -> u32 {
        1
    }
    fn encode(&self, _: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(&self.0);
        Ok(())
    }
    fn decode(_: &str, _: u32, _: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self(bytes.to_vec()))
    }
}

/// How a connector writes the row of a record: as Cassandra's does, as ScyllaDB's two formats do.
#[derive(Clone, Copy, Debug)]
enum Wrapping {
    Cassandra,
    ScyllaLegacy,
    Bare,
}

fn wrap(record: &[u8], wrapping: Wrapping, with_schema: bool) -> Value {
    let mut record: Value = serde_json::from_slice(record).unwrap();
    for (name, cell) in record["after"].as_object_mut().unwrap() {
        let is_key = matches!(name.as_str(), "aggregate_id" | "sequence");
        let inside = cell.take();
        *cell = match wrapping {
            _ if inside.is_null() => Value::Null,
            Wrapping::Cassandra => json!({"value": inside, "deletion_ts": null, "set": true}),
            Wrapping::ScyllaLegacy if !is_key => json!({"value": inside}),
            Wrapping::ScyllaLegacy | Wrapping::Bare => inside,
        };
    }
    if with_schema { json!({"schema": {"type": "struct", "fields": []}, "payload": record}) } else { record }
}

fn the_commit(payload: FeedPayload) -> Arc<Commit> {
    match payload {
        FeedPayload::Commit(commit) => commit,
        other => panic!("a commit, not {}", outcome(&other)),
    }
}

proptest! {
    /// Whole rows come back exactly, however they are wrapped.
    #[test]
    fn a_commit_comes_back_exactly(commit in commits(), with_schema: bool) {
        let plain = record_of(&table(), &commit);
        let key = key_of(&commit.stream.id);
        prop_assert_eq!(&*the_commit(decode(&table(), Some(&key), Some(&plain))), &commit);
        for wrapping in [Wrapping::Cassandra, Wrapping::ScyllaLegacy, Wrapping::Bare] {
            let record = wrap(&plain, wrapping, with_schema).to_string();
            let read = the_commit(decode(&table(), None, Some(record.as_bytes())));
            prop_assert_eq!(&*read, &commit);
        }
    }

    /// A row of which any column is lost, or is something else, is never taken for whole.
    #[test]
    fn what_is_lost_is_fetched(commit in commits(), column: prop::sample::Index, damage in 0..4, wrapped: bool) {
        let wrapping = if wrapped { Wrapping::Cassandra } else { Wrapping::Bare };
        let mut record = wrap(&record_of(&table(), &commit), wrapping, false);
        let row = record["after"].as_object_mut().unwrap();
        let names: Vec<_> = row.keys().cloned().collect();
        let name = column.get(&names);
        match damage {
            0 => drop(row.remove(name)),
            1 => row[name] = Value::Null,
            // Bytes, and not those of a commit.
            3 if matches!(name.as_str(), "events" | "metadata") => {
                row[name] = if wrapped { json!({"value": "AQ=="}) } else { json!("AQ==") };
            }
            _ => row[name] = json!([true]),
        }
        let key = json!({"aggregate_id": &*commit.stream.id, "bucket": 0, "sequence": commit.sequence}).to_string();
        let payload = decode(&table(), Some(key.as_bytes()), Some(record.to_string().as_bytes()));
        let is_place = matches!(name.as_str(), "aggregate_id" | "sequence");
        if is_place || (name == "parent" && commit.parent.is_none() && damage < 2) {
            // The key says the place as well, and the first commit has no parent to lose.
            prop_assert_eq!(&*the_commit(payload), &commit);
        } else {
            prop_assert_eq!(outcome(&payload), format!("hint {} {}", commit.stream, commit.sequence));
        }
    }

    /// No bytes make it panic, and what is refused is kept as it came. For a long run, set `PROPTEST_CASES`.
    #[test]
    fn any_bytes_do(which: prop::sample::Index, changes in changes(), of_key: bool) {
        let (_, key, value) = which.get(captured());
        let (mut key, mut value) = (key.to_string().into_bytes(), value.to_string().into_bytes());
        damage(if of_key { &mut key } else { &mut value }, &changes);
        if let FeedPayload::Malformed { bytes, reason } = decode(&table(), Some(&key), Some(&value)) {
            prop_assert_eq!(bytes, value);
            prop_assert!(!reason.is_empty());
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..8)
}

fn damage(bytes: &mut Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) {
    for (at, kind, byte) in changes {
        if bytes.is_empty() {
            return;
        }
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = *byte,
            1 => bytes.insert(at, *byte),
            2 => bytes.truncate(at),
            _ => drop(bytes.remove(at)),
        }
    }
}

fn refused(key: Option<&str>, value: &str) -> String {
    match decode(&table(), key.map(str::as_bytes), Some(value.as_bytes())) {
        FeedPayload::Malformed { bytes, reason } => {
            assert_eq!(bytes, value.as_bytes());
            reason
        }
        other => panic!("refused, not {}", outcome(&other)),
    }
}

#[test]
fn what_cannot_be_used_says_why() {
    for (key, value, why) in [
        (None, "hello", "not a change record in JSON"),
        (None, "7", "not a change record in JSON"),
        (None, "{}", "there is no `op` in the record"),
        (None, r#"{"op":"i","after":7}"#, "the row in `after` cannot be read"),
        (
            None,
            r#"{"op":"i","after":{"sequence":1}}"#,
            "neither the row nor the key has a readable `aggregate_id`",
        ),
        (
            None,
            r#"{"op":"i","after":{"aggregate_id":"a"}}"#,
            "neither the row nor the key has a readable `sequence`",
        ),
        (
            None,
            r#"{"op":"i","after":{"aggregate_id":"a","sequence":0}}"#,
            "the `sequence` of a row of aggregate `a` is below 1",
        ),
        (
            None,
            r#"{"op":"i","source":{"keyspace":"other","table":"account_events"},"after":{}}"#,
            "other.account_events",
        ),
        (
            Some(r#"{"aggregate_id":"b"}"#),
            r#"{"op":"i","after":{"aggregate_id":"a","sequence":1}}"#,
            "the key is of aggregate `b` and the row of `a`",
        ),
    ] {
        let reason = refused(key, value);
        assert!(reason.contains(why), "{value}: {reason}");
    }
    let of =
        |length| format!(r#"{{"op":"i","after":{{"aggregate_id":"{}","sequence":1}}}}"#, "a".repeat(length));
    assert!(refused(None, &of(LONGEST_ID + 1)).starts_with("the row's `aggregate_id` has 32769 bytes"));
    assert!(matches!(decode(&table(), None, Some(of(LONGEST_ID).as_bytes())), FeedPayload::Hint { .. }));
}

#[test]
fn tombstones_move_the_offset_only() {
    assert!(matches!(decode(&table(), Some(b"{}"), None), FeedPayload::Other));
    for op in ["u", "d", "r", "t"] {
        let value = format!(r#"{{"op":"{op}","after":{{"aggregate_id":"a","sequence":1}}}}"#);
        assert!(matches!(decode(&table(), None, Some(value.as_bytes())), FeedPayload::Other), "{op}");
    }
}

#[test]
fn keys_with_their_schema_beside_them_are_read() {
    let key =
        r#"{"schema":{"fields":[{"field":"aggregate_id"}]},"payload":{"aggregate_id":"a","sequence":3}}"#;
    let payload = decode(&table(), Some(key.as_bytes()), Some(br#"{"op":"c","after":null}"#));
    assert_eq!(outcome(&payload), "hint account/a 3");
}

/// As the fast path sends it: the id alone, which may look like anything.
#[test]
fn a_key_that_is_the_id_is_no_other_aggregates() {
    for id in [r#"{"aggregate_id":"b"}"#, r#"["b"]"#, "7", ""] {
        let quoted = serde_json::to_string(id).unwrap();
        let value = format!(r#"{{"op":"i","after":{{"aggregate_id":{quoted},"sequence":1}}}}"#);
        let payload = decode(&table(), Some(id.as_bytes()), Some(value.as_bytes()));
        assert_eq!(outcome(&payload), format!("hint account/{id} 1"));
    }
}
