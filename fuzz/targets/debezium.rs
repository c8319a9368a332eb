//! Records of a topic: key and value, with a byte of 0 between them.

#![no_main]

use es_core::feed::FeedPayload;
use es_kafka::debezium::{Table, decode, key_of, record_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (key, value) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (Some(&bytes[..at]), &bytes[at + 1..]),
        None => (None, bytes),
    };
    let table = Table::new("es", "account");
    match decode(&table, key, Some(value)) {
        FeedPayload::Commit(commit) => {
            // What is in it comes from outside as well.
            let (events, commands) = (commit.raw_events(), commit.commands());
            // And what was read once is read as the same again, as the fast path would send it.
            let again = decode(&table, Some(&key_of(&commit.stream.id)), Some(&record_of(&table, &commit)));
            let FeedPayload::Commit(again) = again else { panic!("{commit:?} became {again:?}") };
            assert_eq!(again, commit);
            assert_eq!(again.raw_events().is_ok(), events.is_ok());
            assert_eq!(again.commands().is_ok(), commands.is_ok());
        }
        FeedPayload::Malformed { bytes, reason } => {
            assert_eq!(bytes, value, "a dead letter has the record as it came");
            assert!(!reason.is_empty());
        }
        _ => {}
    }
});
