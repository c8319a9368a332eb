//! One column's value, however a connector wraps it.

use std::{borrow::Cow, fmt, marker::PhantomData};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use uuid::Uuid;

/// A column of a row.
///
/// Debezium's Cassandra connector writes `{"value": .., "deletion_ts": .., "set": ..}`, ScyllaDB's `{"value": ..}`
/// and key columns bare, in its advanced format everything bare; a column that was not written is `null` in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Cell<T> {
    /// Not there, or not set.
    #[default]
    Absent,
    Value(T),
    /// Something else than such a column holds.
    Bad,
}

impl<T> Cell<T> {
    /// The same, to look at.
    pub(super) fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Bad => None,
        }
    }

    /// What is there and can be read.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Bad => None,
        }
    }
}

/// What a column can hold: JSON has it as text or as a whole number. `None` is a value that it cannot hold.
pub(super) trait Column<'de>: Sized {
    fn text(_: Cow<'de, str>) -> Option<Self> {
        None
    }
    fn number(_: i64) -> Option<Self> {
        None
    }
}

/// Text, e.g. an aggregate's id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text<'de>(pub(super) Cow<'de, str>);
impl<'de: 'a, 'a> Column<'de> for Text<'a> {
    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self(text))
    }
}

/// A bigint, or a timestamp in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Number(pub(super) i64);
impl Column<'_> for Number {
    fn number(number: i64) -> Option<Self> {
        Some(Self(number))
    }
}

impl Column<'_> for Uuid {
    fn text(text: Cow<'_, str>) -> Option<Self> {
        Uuid::try_parse(&text).ok()
    }
}

/// A blob, which is base64 in JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Blob(pub(super) Bytes);
impl Column<'_> for Blob {
    fn text(text: Cow<'_, str>) -> Option<Self> {
        BASE64.decode(text.as_bytes()).ok().map(|bytes| Self(bytes.into()))
    }
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl<'de, T: Column<'de>> Deserialize<'de> for Cell<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor { is_wrapped: false, column: PhantomData })
    }
}

/// The inside of `{"value": ..}`, which is not wrapped again.
struct Inside<T>(Cell<T>);

impl<'de, T: Column<'de>> Deserialize<'de> for Inside<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor { is_wrapped: true, column: PhantomData }).map(Self)
    }
}

struct CellVisitor<T> {
    is_wrapped: bool,
    column: PhantomData<T>,
}

fn known<T>(value: Option<T>) -> Cell<T> {
    value.map_or(Cell::Bad, Cell::Value)
}

impl<'de, T: Column<'de>> Visitor<'de> for CellVisitor<T> {
    type Value = Cell<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column's value")
    }
    fn visit_unit<E: Error>(self) -> Result<Cell<T>, E> {
        Ok(Cell::Absent)
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Cell<T>, E> {
        Ok(Cell::Bad)
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Cell<T>, E> {
        Ok(known(T::number(number)))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Cell<T>, E> {
        Ok(known(i64::try_from(number).ok().and_then(T::number)))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Cell<T>, E> {
        Ok(Cell::Bad)
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cell<T>, E> {
        Ok(known(T::text(Cow::Borrowed(text))))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Cell<T>, E> {
        Ok(known(T::text(Cow::Owned(text.to_owned()))))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cell::Bad)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell<T>, A::Error> {
        let mut cell = if self.is_wrapped { Cell::Bad } else { Cell::Absent };
        while let Some(name) = map.next_key::<Name<'_>>()? {
            if name.0 == "value" && !self.is_wrapped {
                cell = map.next_value::<Inside<T>>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(cell)
    }
}

/// A field's name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn cell<'a, T: Column<'a>>(json: &'a str) -> Cell<T> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_connectors_wrapping_is_read() {
        for json in [r#"{"value":7,"deletion_ts":null,"set":true}"#, r#"{"value":7}"#, "7"] {
            assert_eq!(cell(json), Cell::Value(Number(7)), "{json}");
        }
        for json in ["null", "{}", r#"{"value":null,"deletion_ts":1795503013054530,"set":true}"#] {
            assert_eq!(cell::<Number>(json), Cell::Absent, "{json}");
        }
    }

    #[test]
    fn what_a_column_cannot_hold_is_bad_and_ends_nothing() {
        for json in ["true", "1.5", "[1,[2]]", r#""x""#, r#"{"value":{"value":7}}"#, "18446744073709551615"] {
            assert_eq!(cell::<Number>(json), Cell::Bad, "{json}");
        }
        assert_eq!(cell::<Uuid>(r#""no uuid""#), Cell::Bad);
        assert_eq!(cell::<Blob>(r#""A*==""#), Cell::Bad);
    }

    #[test]
    fn blobs_are_base64_with_or_without_padding() {
        for json in [r#""AAH+/w==""#, r#""AAH+/w""#, r#"{"value":"AAH+\/w=="}"#] {
            assert_eq!(cell(json), Cell::Value(Blob(Bytes::from_static(&[0, 1, 254, 255]))), "{json}");
        }
        assert_eq!(cell(r#"{"value":""}"#), Cell::Value(Blob(Bytes::new())));
    }

    #[test]
    fn texts_with_escapes_are_read() {
        assert_eq!(cell(r#""a\"b\u00e9""#), Cell::Value(Text("a\"bé".into())));
    }
}
