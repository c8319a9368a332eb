//! Records as a connector writes them, made of commits.

use std::fmt::Write;

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use es_core::store::Commit;

use super::Table;

/// The key that a connector gives the records of an aggregate when it leaves only the id in it.
///
/// ```
/// assert_eq!(es_kafka::debezium::key_of("a\"1"), br#"{"aggregate_id":"a\"1"}"#);
/// ```
pub fn key_of(aggregate_id: &str) -> Vec<u8> {
    format!("{{\"aggregate_id\":{}}}", json(aggregate_id)).into_bytes()
}

/// The value of `commit`'s record, which [`decode`](super::decode) reads.
pub fn record_of(table: &Table, commit: &Commit) -> Vec<u8> {
    let base64_len = (commit.size() / 3 + 2) * 4;
    let mut out = String::with_capacity(base64_len + 512);
    let parent = commit.parent.map_or("null".to_owned(), |parent| format!("\"{parent}\""));
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "{{\"op\":\"c\",\"source\":{{\"connector\":\"event-sourcing-rs\",\"keyspace\":{},\"table\":{}}},\
         \"after\":{{\"aggregate_id\":{},\"sequence\":{},\"last_sequence\":{},\"commit_id\":\"{}\",\"parent\":{parent},\
         \"committed_at\":{},\"codec\":\"{}\",\"events\":\"{}\",\"metadata\":\"{}\"}}}}",
        json(&table.keyspace),
        json(&table.name),
        json(&commit.stream.id),
        commit.sequence,
        commit.last_sequence,
        commit.id,
        commit.committed_at_millis(),
        commit.codec.as_str(),
        Base64Display::new(&commit.events, &STANDARD),
        Base64Display::new(&commit.metadata, &STANDARD),
    );
    out.into_bytes()
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
