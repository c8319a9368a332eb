//! Commits that were stored once, byte by byte: whatever changes, they are read as they were. There is a file for each
//! codec and framing version; a new one of either adds a file, and none is ever changed.

use event_sourcing::{
    event::{EventSet, framing},
    prelude::*,
    schema::{lock::LockFile, to_json},
};
use serde::{Deserialize, Serialize};

const FILES: [(Codec, &[u8]); 2] =
    [(Codec::Bincode, include_bytes!("framing_1.bincode")), (Codec::Json, include_bytes!("framing_1.json"))];

#[derive(PastEvent, Serialize, Deserialize)]
#[event("tank.filled", version = 1)]
pub struct FilledV1 {
    pub litres: u32,
}

#[derive(PastEvent, Serialize, Deserialize)]
#[event("tank.filled", version = 2, from = FilledV1)]
pub struct FilledV2 {
    pub millilitres: u64,
    pub by: Option<String>,
}
impl From<FilledV1> for FilledV2 {
    fn from(past: FilledV1) -> Self {
        Self { millilitres: u64::from(past.litres) * 1000, by: None }
    }
}

#[derive(EventSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clerk {
    pub name: String,
    pub badge: [u8; 2],
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("tank.filled", version = 3, from = FilledV2)]
pub struct Filled {
    pub millilitres: u64,
    pub by: Option<Clerk>,
}
impl From<FilledV2> for Filled {
    fn from(past: FilledV2) -> Self {
        let by = past.by.map(|name| Clerk { name, badge: [0, 0] });
        Self { millilitres: past.millilitres, by }
    }
}

#[derive(Aggregate, Default)]
#[aggregate("tank", id = String, events(Filled))]
pub struct Tank;
impl Apply<Filled> for Tank {
    fn apply(&mut self, _: &Filled) {}
}

/// Each event as the present code reads it, and as it was stored.
fn stored() -> [(Filled, &'static str); 5] {
    let filled = |millilitres, by: Option<(&str, [u8; 2])>| Filled {
        millilitres,
        by: by.map(|(name, badge)| Clerk { name: name.to_owned(), badge }),
    };
    [
        (filled(300_000, None), r#"{"litres":300}"#),
        (filled(300, Some(("Ann", [0, 0]))), r#"{"millilitres":300,"by":"Ann"}"#),
        (filled(7, None), r#"{"millilitres":7,"by":null}"#),
        (
            filled(1 << 40, Some(("Bob", [4, 2]))),
            r#"{"millilitres":1099511627776,"by":{"name":"Bob","badge":[4,2]}}"#,
        ),
        (filled(9, None), r#"{"millilitres":9,"by":null}"#),
    ]
}

#[test]
fn stored_commits_are_read_for_ever() {
    let lock = LockFile::parse(include_str!("events.lock")).unwrap();
    for (codec, frame) in FILES {
        let raw = framing::events(frame).unwrap();
        assert_eq!(raw.len(), stored().len(), "{codec}");
        for (event, (now, then)) in raw.into_iter().zip(stored()) {
            // By the code, through the upcasters.
            let TankEvent::Filled(read) =
                TankEvent::decode(event.name, event.version, codec, event.payload).unwrap();
            assert_eq!(read, now, "{codec}: {then}");
            // By the lock file alone.
            let shape = lock.get(event.name, event.version).unwrap().parse().unwrap();
            assert_eq!(to_json(&shape, codec, event.payload).unwrap(), then, "{codec}");
        }
    }
}

/// The newest version is still written the same way.
#[test]
fn and_written_the_same_way() {
    for (codec, frame) in FILES {
        let raw = framing::events(frame).unwrap();
        for (event, (now, _)) in raw.into_iter().zip(stored()).filter(|(event, _)| event.version == 3) {
            let mut bytes = Vec::new();
            TankEvent::Filled(now).encode(codec, &mut bytes).unwrap();
            assert_eq!(bytes, event.payload, "{codec}");
        }
    }
}
