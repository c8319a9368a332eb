//! The shapes of types, and stored bytes read by them alone.

mod random;
mod types;

use es_core::{
    event::Codec,
    schema::{EventSchema, Field, Schema, Shape, ToJsonError, text_of, to_json},
};
use serde::Serialize;

/// The shape of an event with the one field `x`, as it comes out of a lock file.
fn shape_of<T: EventSchema>() -> (String, Shape) {
    let schema: &'static Schema = Box::leak(Box::new(Schema::Struct {
        name: "Event",
        fields: Box::leak(Box::new([Field { name: "x", schema: T::SCHEMA }])),
    }));
    let text = text_of(schema);
    let shape = Shape::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (text, shape)
}

/// An event with that field.
#[derive(Serialize)]
struct Event<T> {
    x: T,
}

/// What is stored of `x` is shown as serde_json shows it, whatever the codec.
fn shown<T: EventSchema + Serialize>(x: T) -> String {
    let (_, shape) = shape_of::<T>();
    let event = Event { x };
    let wanted = serde_json::to_string(&event).unwrap();
    for codec in [Codec::Bincode, Codec::Json] {
        let mut bytes = Vec::new();
        codec.encode(&event, &mut bytes).unwrap();
        assert_eq!(to_json(&shape, codec, &bytes).unwrap(), wanted, "{codec}");
    }
    wanted
}

#[test]
fn bad_bytes_are_named() {
    let (_, shape) = shape_of::<(u32, Option<String>)>();
    let told = |bytes: &[u8]| to_json(&shape, Codec::Bincode, bytes).unwrap_err().to_string();
    for (bytes, why) in [
        (&b""[..], "byte 0: 1 bytes wanted, 0 left"),
        (b"\xff", "255 does not begin a number"),
        (b"\xfd\0\0\0\0\0\0\0\0", "a number of 64 bits where 32 are expected"),
        (b"\x01\x02", "2 is neither none nor some"),
        (b"\x01\x01\x05ab", "5 bytes wanted, 2 left"),
        (b"\x01\x01\x01\xff", "not UTF-8"),
        (b"\x01\x00\x00", "1 bytes left over"),
    ] {
        assert!(told(bytes).contains(why), "{bytes:?}: {}", told(bytes));
    }
    let no_json = to_json(&shape, Codec::Json, b"{\"x\": ").unwrap_err();
    assert!(matches!(no_json, ToJsonError::Malformed { .. }), "{no_json}");
}

/// A length of 2^64 - 1 elements that take no bytes, and a type inside itself without end.
#[test]
fn corrupt_lengths_and_depths_end() {
    let (_, shape) = shape_of::<Vec<()>>();
    let endless = to_json(&shape, Codec::Bincode, b"\xfd\xff\xff\xff\xff\xff\xff\xff\xff");
    assert!(matches!(endless, Err(ToJsonError::Bounds { .. })), "{endless:?}");
    let shape = Shape::parse("x: option<^>\n").unwrap();
    assert_eq!(to_json(&shape, Codec::Bincode, b"\x01\x01\x00").unwrap(), r#"{"x":{"x":{"x":null}}}"#);
    let deep = to_json(&shape, Codec::Bincode, &[1; 100_000]);
    assert!(matches!(deep, Err(ToJsonError::Bounds { .. })), "{deep:?}");
}

#[test]
fn a_shape_that_makes_no_sense_is_named() {
    for (text, why) in [
        ("x: u9\n", "line 1 of the shape: `u9` is no shape"),
        ("x\n", "`x` before it has no shape"),
        ("x: option<u8\n", "`>` is missing"),
        ("x: array<u8>\n", "`, ` is missing"),
        ("x: array<u8, many>\n", "no length"),
        ("x: u8>\n", "is left over"),
        ("x: u8\ny.z: u8\n", "line 2 of the shape: nothing around it asks for `y.z`"),
        ("x: ^y\n", "nothing around it is at `y`"),
    ] {
        let told = Shape::parse(text).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }
    let deep = format!("x: {}u8{}\n", "list<".repeat(100_000), ">".repeat(100_000));
    assert!(Shape::parse(&deep).unwrap_err().to_string().contains("inside each other"));
}
