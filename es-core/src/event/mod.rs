//! Events: what they are, how they are named, and how they become bytes and back.

mod codec;
mod error;
pub mod framing;
mod metadata;
#[doc(hidden)]
pub mod stored;
mod trace;

pub use codec::{Codec, UnknownCodec};
pub use error::{DecodeError, EncodeError};
pub use framing::{CommandRecord, FrameBuilder, RawEvent};
pub use metadata::{CommandMetadata, Metadata};
pub use trace::{TraceParent, TraceParentError};

/// Every version of an event that can be read, also a superseded one.
///
/// Made by `#[derive(Event)]` and `#[derive(PastEvent)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(Event, Serialize, Deserialize)] #[event(\"category.name\")]` to `{Self}`"
)]
pub trait StoredEvent: stored::Storable + Send + Sync + 'static {
    /// The full stored name, `category.name`.
    const NAME: &'static str;
    /// The version of this shape, from 1.
    const VERSION: u32;

    /// Decodes version `version` of this name, going through the upcasters.
    fn decode(version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError>;
}

/// A current event: what handlers return and projections subscribe to.
///
/// A superseded version is a [`StoredEvent`] only, so nobody can emit or project it by mistake.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not a current event",
    note = "add `#[derive(Event, Serialize, Deserialize)] #[event(\"category.name\")]` to `{Self}`",
    note = "a type with `#[derive(PastEvent)]` can be read only: use the newest version of that event"
)]
pub trait Event: StoredEvent + stored::Newest {}

#[diagnostic::do_not_recommend]
impl<E: StoredEvent + stored::Newest> Event for E {}

/// The events of one aggregate, as the enum that `#[derive(Aggregate)]` makes.
pub trait EventSet: Send + Sync + Sized + 'static {
    /// The full stored name of the event inside.
    fn name(&self) -> &'static str;
    /// The version of the event inside.
    fn version(&self) -> u32;
    /// Appends the event's fields to `out`.
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    /// Reads an event of the set, going through the upcasters.
    fn decode(name: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError>;
}
