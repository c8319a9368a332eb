//! The stored format of a commit's events and of its commands.

#![no_main]

use es_core::event::framing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(events) = framing::events(bytes) {
        assert!(events.iter().map(|event| event.payload.len()).sum::<usize>() <= bytes.len());
    }
    let _ = framing::commands(bytes);
});
