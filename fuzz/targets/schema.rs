//! The lock file, the shapes in it, and stored fields read by a shape: the text, a byte of 0, and the fields.

#![no_main]

use es_core::{
    event::Codec,
    schema::{Shape, lock::LockFile, to_json},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, fields) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
    let Ok(text) = str::from_utf8(text) else { return };
    let mut shapes = vec![Shape::parse(text)];
    if let Ok(lock) = LockFile::parse(text) {
        // What was read is written so that it is read as the same.
        assert_eq!(LockFile::parse(&lock.to_string()), Ok(lock.clone()));
        shapes.extend(lock.events().iter().map(|event| event.parse()));
    }
    for shape in shapes.into_iter().flatten() {
        for codec in [Codec::Bincode, Codec::Json] {
            let _ = to_json(&shape, codec, fields);
        }
    }
});
