//! What can go wrong between an event and its bytes.

use super::Codec;

/// An event could not be turned into bytes. Nothing was stored.
#[derive(Debug, thiserror::Error)]
#[error(
    "{codec} cannot encode this value: {reason}; avoid numbers that are not finite, values of any depth, and serde attributes that change the shape while serializing"
)]
pub struct EncodeError {
    codec: Codec,
    reason: String,
}

impl EncodeError {
    pub(crate) fn new(codec: Codec, reason: impl std::fmt::Display) -> Self {
        Self { codec, reason: reason.to_string() }
    }
}

/// A stored event cannot be read by this program. The bytes stay where they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No event of that name is known here.
    #[error(
        "unknown event `{name}`: add it to `events(..)` of its aggregate, or deploy the code that has it"
    )]
    UnknownEvent {
        /// The stored name.
        name: String,
    },
    /// The stored version is newer than this program's.
    #[error("`{name}` version {found} is newer than version {known} of this program: deploy the newer code")]
    NewerVersion {
        /// The stored name.
        name: String,
        /// The stored version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The stored version is older than any this program can read.
    #[error("`{name}` version {found} has no upcaster here: keep its struct with `#[derive(PastEvent)]`")]
    MissingUpcaster {
        /// The stored name.
        name: String,
        /// The stored version.
        found: u32,
    },
    /// The fields do not fit the bytes.
    #[error("`{name}` version {version} cannot be decoded from its {codec} bytes: {reason}")]
    Malformed {
        /// The stored name.
        name: String,
        /// The stored version.
        version: u32,
        /// How the row says it was encoded.
        codec: Codec,
        /// The codec's own words.
        reason: String,
    },
    /// The frame around the events is broken.
    #[error("the commit's frame cannot be read: {reason}")]
    Frame {
        /// Which part, and why.
        reason: String,
    },
}
