//! Projections: how events become views.

mod decoded;
mod document;
mod failure;
mod plan;

pub use decoded::{Decoded, decode_events};
pub(crate) use document::fold_document;
pub use failure::{FailurePolicy, FoldResult, OnFailure};
pub use plan::FoldPlan;

use serde::{Serialize, de::DeserializeOwned};
use std::fmt::{Display, Write};

use crate::{
    event::{Codec, DecodeError, Event, Metadata, RawEvent},
    store::BoxError,
};

/// One event that a projection listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// The event's full stored name.
    pub name: &'static str,
    /// The version that the projection's handler takes.
    pub version: u32,
}

impl Subscribed {
    /// The subscription to event `E`.
    pub const fn to<E: Event>() -> Self {
        Self { name: E::NAME, version: E::VERSION }
    }

    /// The event's category.
    pub fn category(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(category, _)| category)
    }
}

/// The ways in which a projection can write.
pub mod style {
    /// Handlers fold events into view rows, which the repository loads and saves. Made by `#[projection]`.
    #[derive(Debug, Clone, Copy)]
    pub enum View {}
    /// Handlers run statements of their own, in the transaction that moves the checkpoints. Which statements, the
    /// repository's crate says.
    #[derive(Debug, Clone, Copy)]
    pub enum Sql {}
}

/// Which rows a view projection touches, as a type, so that a repository without multi-row transactions can
/// refuse the other kind at compile time.
pub mod keying {
    /// Each aggregate has a row of its own, found by the aggregate's id; all events are of one category.
    #[derive(Debug, Clone, Copy)]
    pub enum ByAggregate {}
    /// Rows are found by keys taken from events, so many aggregates may touch one row.
    #[derive(Debug, Clone, Copy)]
    pub enum ByKey {}
}

/// A named listener to events. Made by `#[projection]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "not a projection",
    note = "a projection is the type whose `impl` block has `#[projection]`, not the type of its view's rows",
    note = "write `#[projection(\"name\", view = MyView, key = MyId)] impl {Self} {{ fn on_event(view: &mut MyView, e: &MyEvent) {{ .. }} }}`"
)]
pub trait Projection: Send + Sync + 'static {
    /// How it writes: [`style::View`], or [`style::Sql`].
    type Style;
    /// Its name: of its checkpoints, its view rows and its metrics.
    const NAME: &'static str;
    /// The events it listens to.
    const SUBSCRIPTIONS: &'static [Subscribed];
    /// What happens when its handler fails.
    const FAILURE: FailurePolicy = FailurePolicy::DEFAULT;
}

/// The categories of a projection's events, each once.
pub fn categories<P: Projection>() -> Vec<&'static str> {
    let mut categories: Vec<_> = P::SUBSCRIPTIONS.iter().map(Subscribed::category).collect();
    categories.sort_unstable();
    categories.dedup();
    categories
}

/// What a view's rows can be: a state that serde can write and read, and that begins as its default.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the row of a view",
    label = "`Default`, `Serialize` or `Deserialize` is missing on `{Self}`",
    note = "add `#[derive(Default, Serialize, Deserialize)]` to `{Self}`, after `use serde::{{Deserialize, Serialize}};`"
)]
pub trait ViewRow: Send + Sync + Sized + 'static {
    /// The row before its first event.
    fn empty() -> Self;
    /// The row as JSON.
    fn to_json(&self) -> Result<Vec<u8>, serde_json::Error>;
    /// The row that `json` holds.
    fn from_json(json: &[u8]) -> Result<Self, serde_json::Error>;
}

// Not by supertraits: each of them would be an error of its own on a row without its derives.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Default + Send + Sync + 'static> ViewRow for T {
    fn empty() -> Self {
        Self::default()
    }
    fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
    fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

/// A projection whose handlers fold events into view rows. Made by `#[projection]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "not a projection",
    note = "a projection is the type whose `impl` block has `#[projection]`, not the type of its view's rows",
    note = "write `#[projection(\"name\", view = MyView, key = MyId)] impl {Self} {{ fn on_event(view: &mut MyView, e: &MyEvent) {{ .. }} }}`"
)]
pub trait ViewProjection: Projection<Style = style::View> {
    /// One row.
    type View: ViewRow;
    /// What a row is found by, as text.
    type Key: ?Sized + Display;
    /// [`keying::ByAggregate`] or [`keying::ByKey`].
    type Keying;
    /// The events it takes, decoded.
    type Input: Send + Sync;
    /// Whether a handler or a key looks at the command's metadata; if not, it is not decoded.
    const USES_METADATA: bool;

    /// Decodes an event, or says that it is none of this projection's.
    fn decode(&self, event: &RawEvent<'_>, codec: Codec) -> Result<Option<Self::Input>, DecodeError>;

    /// Writes the key of the row that the event belongs to.
    fn key(&self, _input: &Self::Input, metadata: &Metadata, out: &mut String) {
        out.push_str(&metadata.aggregate_id);
    }

    /// Changes the row as the event says. Must depend on its arguments alone: it may run again.
    fn fold(&self, view: &mut Self::View, input: &Self::Input, metadata: &Metadata) -> Result<(), BoxError>;
}

/// Projections whose [`Keying`](ViewProjection::Keying) is [`keying::ByAggregate`]: all that a database without
/// multi-row transactions can keep, because each row then moves together with the checkpoint inside it.
///
/// Implemented for every one of them; not for implementing by hand.
#[diagnostic::on_unimplemented(
    message = "the rows of `{Self}` are shared by aggregates, which takes a database with transactions",
    label = "keeps only views with a row for each aggregate",
    note = "keep `{Self}` in a repository with transactions, `SqlRepository` for example, or find its rows by the aggregate: write its handlers without `#[on(key = ..)]`"
)]
pub trait OwnRows: ViewProjection {}

#[diagnostic::do_not_recommend]
impl<P: ViewProjection<Keying = keying::ByAggregate>> OwnRows for P {}

/// Writes a key's text form. Used by generated code, whose argument types check the key.
#[doc(hidden)]
pub fn write_key<K: ?Sized + Display>(key: &K, out: &mut String) {
    // A `String` takes everything, so only a `Display` that fails by itself could fail here; its partial
    // text is still the same text every time.
    let _ = write!(out, "{key}");
}
