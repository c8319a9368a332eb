use std::{fmt::Display, hash::Hash, str::FromStr};

/// What one aggregate is found by: any small value with a text form that can be read back.
///
/// The text form is what is stored, so two equal ids must print the same text, for ever.
/// `String`, the integers and `Uuid` are ids already; for a newtype write
/// `impl AggregateId for OrderId {}` beside its `Display` and `FromStr`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of an aggregate",
    label = "not an aggregate id",
    note = "use `String`, an integer or `Uuid`, or write `impl AggregateId for {Self} {{}}` beside its `Display` and `FromStr`"
)]
pub trait AggregateId: Clone + Eq + Hash + Display + FromStr + Send + Sync + 'static {}

macro_rules! ids { ($($t:ty),*) => { $(impl AggregateId for $t {})* } }
ids!(String, u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, uuid::Uuid);
