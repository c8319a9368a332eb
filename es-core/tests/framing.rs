//! The frame around a commit's events and commands: what goes in comes out, foreign bytes are refused, and what
//! was written once is read for ever.

use es_core::{
    event::{
        Codec, CommandMetadata, CommandRecord, DecodeError, EncodeError, EventSet, FrameBuilder, framing,
    },
    store::{Commit, StreamId, Version},
};
use proptest::prelude::*;
use uuid::Uuid;

#[derive(Clone, Debug)]
struct Any {
    name: &'static str,
    version: u32,
    fields: Option<Vec<u8>>,
}

impl EventSet for Any {
    fn name(&self) -> &'static str {
        self.name
    }
    fn version(&self) -> u32 {
        self.version
    }
    fn encode(&self, _: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match &self.fields {
            Some(fields) => out.extend(fields),
            // A map whose keys are no texts: JSON refuses it after it has written the brace.
            None => return Codec::Json.encode(&std::collections::BTreeMap::from([((1, 2), 3)]), out),
        }
        Ok(())
    }
    fn decode(_: &str, _: u32, _: Codec, _: &[u8]) -> Result<Self, DecodeError> {
        Err(DecodeError::Frame { reason: "not read here".to_owned() })
    }
}

fn event() -> impl Strategy<Value = Any> {
    let fields = prop::option::weighted(0.9, prop::collection::vec(any::<u8>(), 0..40));
    (prop::sample::select(vec!["a.b", "order.line_added", "é.ü"]), any::<u32>(), fields)
        .prop_map(|(name, version, fields)| Any { name, version, fields })
}

fn metadata() -> impl Strategy<Value = CommandMetadata> {
    let text = || prop::option::of(".{0,12}");
    (text(), text(), prop::collection::vec((".{0,5}", ".{0,9}"), 0..4)).prop_map(
        |(correlation_id, causation_id, headers)| CommandMetadata { correlation_id, causation_id, headers },
    )
}

fn commands() -> impl Strategy<Value = Vec<(u128, CommandMetadata, Vec<Any>)>> {
    prop::collection::vec((any::<u128>(), metadata(), prop::collection::vec(event(), 0..5)), 0..6)
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(commands in commands()) {
        let mut frame = FrameBuilder::new(Codec::Bincode);
        let (mut events, mut records) = (Vec::new(), Vec::new());
        for (id, metadata, of_command) in &commands {
            let id = Uuid::from_u128(*id);
            let whole = of_command.iter().all(|event| event.fields.is_some());
            prop_assert_eq!(frame.push(id, metadata, of_command).is_ok(), whole);
            // A command goes in whole or not at all.
            if whole {
                events.extend(of_command);
                records.push(CommandRecord { id, events: of_command.len() as u64, metadata: metadata.clone() });
            }
        }
        prop_assert_eq!((frame.event_count(), frame.command_count()), (events.len() as u64, records.len() as u64));
        let said = frame.size();
        let (event_frame, command_frame) = frame.finish();
        prop_assert!(event_frame.len() + command_frame.len() <= said + 12);
        let read = framing::events(&event_frame).unwrap();
        prop_assert_eq!(read.len(), events.len());
        for (read, event) in read.iter().zip(events) {
            prop_assert_eq!((read.name, read.version), (event.name, event.version));
            prop_assert_eq!(Some(read.payload), event.fields.as_deref());
        }
        prop_assert_eq!(framing::commands(&command_frame).unwrap(), records);
    }

    #[test]
    fn foreign_bytes_are_an_error_not_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (framing::events(&bytes), framing::commands(&bytes));
        let mut versioned = bytes;
        versioned.insert(0, 1);
        let _ = (framing::events(&versioned), framing::commands(&versioned));
    }

    /// Cut anywhere, or with any byte changed: an error, or a frame that reads differently; never a panic.
    #[test]
    fn damage_is_an_error_not_a_panic(commands in commands(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut frame = FrameBuilder::new(Codec::Bincode);
        for (id, metadata, events) in &commands {
            let _ = frame.push(Uuid::from_u128(*id), metadata, events);
        }
        let (events, commands) = frame.finish();
        for whole in [events.to_vec(), commands.to_vec()] {
            let cut = &whole[..at.index(whole.len())];
            prop_assert!(framing::events(cut).is_err() && framing::commands(cut).is_err());
            let mut changed = whole.clone();
            changed[at.index(whole.len())] = to;
            let _ = (framing::events(&changed), framing::commands(&changed));
        }
    }

    /// A look without reading says what reading would.
    #[test]
    fn a_check_says_whether_it_can_be_read(commands in commands(), changes in prop::collection::vec(any::<(bool, prop::sample::Index, u8)>(), 0..3), more in 0..3u64) {
        let mut frame = FrameBuilder::new(Codec::Bincode);
        for (id, metadata, events) in &commands {
            let _ = frame.push(Uuid::from_u128(*id), metadata, events);
        }
        let mut commit = Commit::following(&Version::EMPTY, StreamId::new("note", "a"), Codec::Bincode, frame);
        commit.last_sequence += more / 2;
        for (of_events, at, to) in changes {
            let bytes = if of_events { &mut commit.events } else { &mut commit.metadata };
            let mut changed = bytes.to_vec();
            let at = at.index(changed.len());
            changed[at] = to;
            *bytes = changed.into();
        }
        let read = commit.raw_events().map(drop).and_then(|()| commit.commands().map(drop));
        prop_assert_eq!(commit.check(), read);
    }
}

#[test]
fn a_huge_count_is_refused_before_memory_is_taken() {
    let huge = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    for error in [framing::events(&huge).unwrap_err(), framing::commands(&huge).unwrap_err()] {
        assert!(error.to_string().contains("cannot fit"), "{error}");
    }
    let newer = framing::events(&[2, 0]).unwrap_err();
    assert!(newer.to_string().contains("framing version 2 is not known here"), "{newer}");
}

/// Framing version 1, written down: whatever changes, these bytes stay readable as these events.
#[test]
fn version_one_is_read_for_ever() {
    const EVENTS: &[u8] = b"\x01\x02\x0eaccount.opened\x01\x04\x00\x00\x00\x03Ann\x11account.deposited\x02\x02\x00\x00\x00\x32\x00";
    let read = framing::events(EVENTS).unwrap();
    let shown: Vec<_> = read.iter().map(|e| (e.name, e.version, e.payload)).collect();
    assert_eq!(shown, [("account.opened", 1, &b"\x03Ann"[..]), ("account.deposited", 2, &b"\x32\x00"[..])]);
    assert_eq!(Codec::Bincode.decode::<String>(read[0].payload), Ok("Ann".to_owned()));
    assert_eq!(Codec::Bincode.decode::<(u64, Option<String>)>(read[1].payload), Ok((50, None)));

    const COMMANDS: &[u8] =
        b"\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\x02\x01\x07order-7\x00\x01\x04user\x03ann";
    let metadata = CommandMetadata::default().correlation("order-7").header("user", "ann");
    let wanted = CommandRecord { id: Uuid::from_u128(7), events: 2, metadata };
    assert_eq!(framing::commands(COMMANDS).unwrap(), std::slice::from_ref(&wanted));

    let opened = Any { name: "account.opened", version: 1, fields: Some(b"\x03Ann".to_vec()) };
    let deposited = Any { name: "account.deposited", version: 2, fields: Some(b"\x32\x00".to_vec()) };
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(wanted.id, &wanted.metadata, &[opened, deposited]).unwrap();
    let (events, commands) = frame.finish();
    assert_eq!((&events[..], &commands[..]), (EVENTS, COMMANDS), "and written the same way");
}
