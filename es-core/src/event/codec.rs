//! How one event's fields become bytes.

use bincode::{
    config::{self, Configuration, Limit, LittleEndian, Varint},
    enc::write::Writer,
    error::EncodeError as BincodeEncode,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, str::FromStr};

use super::EncodeError;

/// The most bytes a single decoded event may claim: a corrupt length must not become an allocation.
const DECODE_LIMIT: usize = 64 << 20;

/// The encoding of an event's fields, chosen per row, so that one store can hold several.
///
/// The set is closed on purpose: a stored row must stay readable for ever, so every codec is part of the
/// framework's stored format and has golden files, which a codec of one's own could not have.
///
/// ```
/// use es_core::event::Codec;
/// let mut bytes = Vec::new();
/// Codec::Json.encode(&("EUR", 5), &mut bytes)?;
/// assert_eq!(bytes, br#"["EUR",5]"#);
/// assert_eq!(Codec::Json.decode::<(String, u8)>(&bytes)?, ("EUR".to_owned(), 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// Compact and fast; fields are stored by position. The default.
    #[default]
    Bincode,
    /// For people who want to read rows; fields are stored by name.
    Json,
}

fn bincode_config() -> Configuration<LittleEndian, Varint, Limit<DECODE_LIMIT>> {
    config::standard().with_limit::<DECODE_LIMIT>()
}

struct Append<'a>(&'a mut Vec<u8>);
impl Writer for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), BincodeEncode> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

impl Codec {
    /// The name kept in the row's `codec` column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bincode => "bincode",
            Self::Json => "json",
        }
    }

    /// Appends `value` to `out`. On an error `out` may have a partial tail.
    pub fn encode<T: Serialize + ?Sized>(self, value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Bincode => bincode::serde::encode_into_writer(value, Append(out), bincode_config())
                .map_err(|e| EncodeError::new(self, e)),
            Self::Json => serde_json::to_writer(out, value).map_err(|e| EncodeError::new(self, e)),
        }
    }

    /// Decodes a value that fills `bytes` exactly; the error is the codec's own words.
    pub fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, String> {
        match self {
            Self::Bincode => {
                let (value, used) =
                    bincode::serde::decode_from_slice(bytes, bincode_config()).map_err(|e| e.to_string())?;
                if used != bytes.len() {
                    return Err(format!("{} bytes left over", bytes.len() - used));
                }
                Ok(value)
            }
            Self::Json => serde_json::from_slice(bytes).map_err(|e| e.to_string()),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row names a codec that this version of the framework does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown codec `{0}`: the row was written by a newer version of event-sourcing-rs, or is corrupt")]
pub struct UnknownCodec(pub String);

impl FromStr for Codec {
    type Err = UnknownCodec;
    fn from_str(s: &str) -> Result<Self, UnknownCodec> {
        match s {
            "bincode" => Ok(Self::Bincode),
            "json" => Ok(Self::Json),
            other => Err(UnknownCodec(other.to_owned())),
        }
    }
}
