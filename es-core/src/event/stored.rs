//! What `#[derive(Event)]`, `#[derive(Aggregate)]` and `#[projection]` call. Not part of the public interface.

use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

use super::{Codec, DecodeError, EncodeError, Event, EventSet, StoredEvent};
use crate::projection::Subscribed;

/// What serde can write and read: the fields of an event.
#[diagnostic::on_unimplemented(
    message = "the fields of event `{Self}` cannot be stored",
    label = "`Serialize` or `Deserialize` is missing",
    note = "add both to `{Self}`: `#[derive(Event, Serialize, Deserialize)]`, after `use serde::{{Deserialize, Serialize}};`"
)]
pub trait Storable: Sized {
    /// Appends the fields to `out`.
    fn to_bytes(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    /// Reads this version's fields; the error is the codec's own words.
    fn from_bytes(codec: Codec, bytes: &[u8]) -> Result<Self, String>;
}

// Not by supertraits: each of them would be an error of its own on an event without serde's derives.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Storable for T {
    fn to_bytes(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        codec.encode(self, out)?;
        if codec == Codec::Json {
            // It writes what it cannot read: NaN and infinite numbers as `null`, values at any depth. (In an `Option` such a
            // number becomes none.)
            let read = codec.decode::<T>(&out[start..]);
            read.map_err(|reason| EncodeError::new(codec, format!("it could not be read again: {reason}")))?;
        }
        Ok(())
    }
    fn from_bytes(codec: Codec, bytes: &[u8]) -> Result<Self, String> {
        codec.decode(bytes)
    }
}

/// Marks the version of an event that may be emitted. Has no supertraits, so that what is wrong with an event
/// is reported once.
pub trait Newest {}

/// A current event, as tables of events use it: the one place where generated code asks for [`Event`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a current event",
    label = "not a current event",
    note = "add `#[derive(Event, Serialize, Deserialize)] #[event(\"category.name\")]` to `{Self}`",
    note = "a type with `#[derive(PastEvent)]` can only be read: use the newest version of that event here"
)]
pub trait Current: Sized {
    /// The full stored name.
    const STORED_NAME: &'static str;
    /// The version.
    const STORED_VERSION: u32;
    /// How a projection subscribes to it.
    const SUBSCRIBED: Subscribed;
    /// Appends the fields to `out`.
    fn write(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    /// Reads any version of it.
    fn read(version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError>;
}

#[diagnostic::do_not_recommend]
impl<E: Event> Current for E {
    const STORED_NAME: &'static str = E::NAME;
    const STORED_VERSION: u32 = E::VERSION;
    const SUBSCRIBED: Subscribed = Subscribed::to::<E>();
    fn write(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.to_bytes(codec, out)
    }
    fn read(version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        E::decode(version, codec, bytes)
    }
}

/// A version of an event that can be made from the version before.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from its past version `{P}`",
    label = "no `From<{P}>` for `{Self}`",
    note = "write: `impl From<{P}> for {Self} {{ fn from(past: {P}) -> Self {{ .. }} }}`"
)]
pub trait UpcastFrom<P>: From<P> {}

#[diagnostic::do_not_recommend]
impl<T: From<P>, P> UpcastFrom<P> for T {}

/// A past version, as `from = ..` names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a past version of an event",
    label = "not a past version",
    note = "keep the old struct: `#[derive(PastEvent, Serialize, Deserialize)] #[event(\"category.name\", version = 1)] struct {Self} {{ .. }}`"
)]
pub trait Past: StoredEvent {}

#[diagnostic::do_not_recommend]
impl<P: StoredEvent> Past for P {}

/// The way from the version before to `T`.
pub struct Upcast<T> {
    name: &'static str,
    version: u32,
    read: fn(u32, Codec, &[u8]) -> Result<T, DecodeError>,
}

impl<T> fmt::Debug for Upcast<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upcast(from {} version {})", self.name, self.version)
    }
}

impl<T> Upcast<T> {
    /// From `P`, through `From<P>`.
    pub const fn from<P: Past>() -> Self
    where
        T: UpcastFrom<P>,
    {
        Self {
            name: P::NAME,
            version: P::VERSION,
            read: |version, codec, bytes| P::decode(version, codec, bytes).map(T::from),
        }
    }

    /// Whether version `version` of the event `name` comes right after it.
    pub const fn leads_to(&self, name: &str, version: u32) -> bool {
        crate::checks::same(self.name, name) && version > 0 && self.version == version - 1
    }
}

/// Decodes an event whose only version is `T`.
pub fn decode<T: StoredEvent>(version: u32, codec: Codec, bytes: &[u8]) -> Result<T, DecodeError> {
    if version == T::VERSION {
        return current(codec, bytes);
    }
    let name = T::NAME.to_owned();
    Err(if version > T::VERSION {
        DecodeError::NewerVersion { name, found: version, known: T::VERSION }
    } else {
        DecodeError::MissingUpcaster { name, found: version }
    })
}

/// Decodes an event whose version before `T` is `past`.
pub fn decode_from<T: StoredEvent>(
    past: &Upcast<T>,
    version: u32,
    codec: Codec,
    bytes: &[u8],
) -> Result<T, DecodeError> {
    if version < T::VERSION { (past.read)(version, codec, bytes) } else { decode(version, codec, bytes) }
}

fn current<T: StoredEvent>(codec: Codec, bytes: &[u8]) -> Result<T, DecodeError> {
    T::from_bytes(codec, bytes).or_else(|reason| {
        without_fields(codec, bytes).ok_or_else(|| DecodeError::Malformed {
            name: T::NAME.to_owned(),
            version: T::VERSION,
            codec,
            reason,
        })
    })
}

/// An event without stored fields, written by `struct Closed;` and read by `struct Closed {}`, or the other way round.
/// They have one shape, and no bytes in bincode, but in JSON they are `null` and `{}`.
#[cold]
fn without_fields<T: StoredEvent>(codec: Codec, bytes: &[u8]) -> Option<T> {
    let other: &[u8] = match (codec, bytes) {
        (Codec::Json, b"null") => b"{}",
        (Codec::Json, b"{}") => b"null",
        _ => return None,
    };
    let event = T::from_bytes(codec, other).ok()?;
    // Not one with fields that may be missing.
    let mut written = Vec::new();
    event.to_bytes(codec, &mut written).ok()?;
    (written == other).then_some(event)
}

/// Prints an event of a set for people: its stored name, its version and its fields as JSON.
pub fn debug<E: EventSet>(event: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut fields = Vec::new();
    write!(f, "{} v{} ", event.name(), event.version())?;
    match event.encode(Codec::Json, &mut fields) {
        Ok(()) => f.write_str(&String::from_utf8_lossy(&fields)),
        Err(error) => write!(f, "({error})"),
    }
}

/// The error for a name that no event of a set has.
pub fn unknown(name: &str) -> DecodeError {
    DecodeError::UnknownEvent { name: name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    macro_rules! event {
        (impl $name:ident) => {
            impl StoredEvent for $name {
                const NAME: &'static str = "account.closed";
                const VERSION: u32 = 1;
                fn decode(version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
                    decode(version, codec, bytes)
                }
            }
        };
        ($(#[$attribute:meta])* $name:ident $fields:tt) => {
            #[derive(Debug, PartialEq, Serialize, Deserialize)]
            $(#[$attribute])*
            struct $name $fields
            event!(impl $name);
        };
        ($name:ident) => {
            #[derive(Debug, PartialEq, Serialize, Deserialize)]
            struct $name;
            event!(impl $name);
        };
    }
    event!(Unit);
    event!(Braces {});
    event!(
        #[serde(deny_unknown_fields)]
        Skipped {
            #[serde(skip)]
            cache: u8,
        }
    );
    event!(Note { text: Option<String> });
    event!(
        #[serde(default)]
        Filled { amount: u8 }
    );
    impl Default for Filled {
        fn default() -> Self {
            Self { amount: 7 }
        }
    }

    #[test]
    fn without_fields_is_one_shape_in_json_too() {
        for bytes in [b"null".as_slice(), b"{}"] {
            assert_eq!(Unit::decode(1, Codec::Json, bytes), Ok(Unit));
            assert_eq!(Braces::decode(1, Codec::Json, bytes), Ok(Braces {}));
            assert_eq!(Skipped::decode(1, Codec::Json, bytes), Ok(Skipped { cache: 0 }));
        }
        for codec in [Codec::Bincode, Codec::Json] {
            let mut written = Vec::new();
            codec.encode(&Unit, &mut written).unwrap();
            assert_eq!(Braces::decode(1, codec, &written), Ok(Braces {}));
        }
    }

    #[test]
    fn one_with_fields_is_not_made_of_nothing() {
        let nothing = Note::decode(1, Codec::Json, b"null").unwrap_err();
        assert!(matches!(nothing, DecodeError::Malformed { .. }), "{nothing}");
        assert!(Filled::decode(1, Codec::Json, b"null").is_err());
        assert!(Unit::decode(1, Codec::Json, b"{\"x\":1}").is_err());
        assert!(Unit::decode(1, Codec::Bincode, b"{}").is_err());
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Rated {
        rate: f64,
        above: Option<Box<Rated>>,
    }

    fn rated(rate: f64, depth: usize) -> Rated {
        (0..depth).fold(Rated { rate, above: None }, |above, _| Rated { rate, above: Some(above.into()) })
    }

    /// Acknowledged, it could be read by nobody.
    #[test]
    fn what_cannot_be_read_again_is_not_written() {
        for unreadable in [rated(f64::NAN, 0), rated(f64::NEG_INFINITY, 1), rated(1.0, 200)] {
            let error = unreadable.to_bytes(Codec::Json, &mut Vec::new()).unwrap_err();
            assert!(error.to_string().contains("could not be read again"), "{error}");
        }
        for value in [rated(f64::INFINITY, 0), rated(1.0, 200)] {
            let mut bytes = Vec::new();
            value.to_bytes(Codec::Bincode, &mut bytes).unwrap();
            assert_eq!(Rated::from_bytes(Codec::Bincode, &bytes), Ok(value));
        }
    }

    /// A number is the same after any way through a store.
    #[test]
    fn numbers_come_back_exactly() {
        for rate in [53_267.370_800_000_004, 0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, 1e23, -0.0] {
            for codec in [Codec::Json, Codec::Bincode] {
                let mut bytes = b"before".to_vec();
                rated(rate, 1).to_bytes(codec, &mut bytes).unwrap();
                let back = Rated::from_bytes(codec, &bytes[6..]).unwrap();
                assert_eq!(back.rate.to_bits(), rate.to_bits(), "{rate} as {codec}");
            }
        }
    }
}
