//! Snapshots: an aggregate's state kept beside its stream, so that a load reads only the tail.

use bytes::Bytes;

use crate::{
    event::Codec,
    store::{StreamId, Version},
};

/// How `#[derive(Aggregate)]` says that an aggregate's state can be kept.
pub struct SnapshotSpec<A> {
    /// A snapshot is taken after this many events.
    pub every: u64,
    /// Changes with the state's own declaration and with `version`: a snapshot with another one is a miss. It does not
    /// change with the types inside the state, nor with what `Apply` does: for these, `version` has to be raised.
    pub fingerprint: u64,
    /// State to bytes.
    pub encode: fn(&A, &mut Vec<u8>) -> Result<(), crate::event::EncodeError>,
    /// Bytes to state; the error is the codec's own words.
    pub decode: fn(&[u8]) -> Result<A, String>,
}

impl<A> SnapshotSpec<A> {
    /// The spec of a state that serde can write and read. JSON, because it has names: of a state whose nested types
    /// changed without another fingerprint, it refuses most of what bincode would read wrongly. Not all of it: what is
    /// missing is `None` to an `Option`, and what is too much is left.
    pub const fn json(every: u64, fingerprint: u64) -> Self
    where
        A: serde::Serialize + serde::de::DeserializeOwned,
    {
        Self {
            every: if every == 0 { 1 } else { every },
            fingerprint,
            encode: |state, out| Codec::Json.encode(state, out),
            decode: |bytes| Codec::Json.decode(bytes),
        }
    }
}

impl<A> std::fmt::Debug for SnapshotSpec<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotSpec")
            .field("every", &self.every)
            .field("fingerprint", &self.fingerprint)
            .finish()
    }
}

/// A kept state, as stores hold it: one per stream and fingerprint, the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose state.
    pub stream: StreamId,
    /// The acknowledged commit it was taken after.
    pub version: Version,
    /// The shape of `state`.
    pub fingerprint: u64,
    /// The state.
    pub state: Bytes,
    /// The ids of the commands up to `version`: recent ones exactly, older ones as a filter.
    pub command_ids: Bytes,
}
