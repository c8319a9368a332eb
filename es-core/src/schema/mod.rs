//! The shapes of events: known at compile time, kept in `events.lock`, and enough to read a stored event without
//! the application's code.
//!
//! [`EventSchema`] gives a type's shape as a constant. `#[derive(Event)]` compares it with the one in the lock
//! file ([`lock`]); tools parse the lock's text ([`Shape`]) and decode stored bytes with it ([`decode`]).
//!
//! # The text of a shape
//!
//! One line for each field, in the order in which it is stored, and below it the fields of what is inside:
//!
//! ```text
//! owner: string
//! lines: list<struct>
//! lines[].sku: string
//! lines[].qty: u32
//! paid: enum
//! paid::Cash
//! paid::Card: option<string>
//! rates: map<string, f64>
//! parent: option<^>
//! ```
//!
//! `[]` stands for any element, `{}` for any value of a map and `{key}` for any key, `::` for a variant, `.0` for
//! the first of a tuple; `^path` is the shape at `path` again. Names that are not words are in quotes.

mod check;
pub mod decode;
mod difference;
pub mod lock;
mod parse;
mod text;
mod types;

#[doc(hidden)]
pub use check::{check, check_name, check_struct, report, text_of, whole};
pub use decode::{ToJsonError, to_json};
pub use difference::{Difference, difference};
pub use parse::{Shape, ShapeError};

/// A type whose stored shape is known: what fields of events are made of.
///
/// Derived with `#[derive(EventSchema)]`, which reads serde's attributes as well. For a type whose `Serialize` is
/// written by hand, say by hand what it writes:
///
/// ```
/// use es_core::schema::{EventSchema, Schema};
/// /// Stored as its code, such as `EUR`.
/// struct Currency([u8; 3]);
/// impl EventSchema for Currency {
///     const SCHEMA: &'static Schema = String::SCHEMA;
/// }
/// ```
///
/// What such an impl says is believed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no event schema: nobody can say how it is stored",
    label = "the shape of `{Self}` is not known",
    note = "if `{Self}` is yours, add `#[derive(EventSchema)]` beside its `Serialize` and `Deserialize`",
    note = "for dates, times and decimals, turn on the feature `chrono`, `time` or `rust_decimal` of event-sourcing-rs",
    note = "for another type that is not yours, write `#[event_schema(as = String)]` at the field, with the type that has the same stored form"
)]
pub trait EventSchema {
    /// The shape.
    const SCHEMA: &'static Schema;
}

/// The shape of a type as it is stored, whatever the type is called.
#[derive(Debug)]
#[non_exhaustive]
pub enum Schema {
    /// One value without parts.
    Scalar(Scalar),
    /// One that may be absent.
    Optional(&'static Schema),
    /// Any number of elements, also sets and bytes.
    List(&'static Schema),
    /// As many elements as its type says.
    Array(&'static Schema, usize),
    /// Keys and values.
    Map(&'static Schema, &'static Schema),
    /// Parts by position: a tuple, or a struct without field names, whose name is for [`Schema::Again`].
    Tuple {
        /// The Rust type's name, empty for tuples.
        name: &'static str,
        /// The parts.
        parts: &'static [&'static Schema],
    },
    /// Parts by name.
    Struct {
        /// The Rust type's name, for [`Schema::Again`].
        name: &'static str,
        /// The fields, in the order in which they are stored.
        fields: &'static [Field],
    },
    /// One of several.
    Enum {
        /// The Rust type's name, for [`Schema::Again`].
        name: &'static str,
        /// The variants; each is stored as its place in this list.
        variants: &'static [Variant],
    },
    /// The nearest enclosing type of that name again: where a recursive type meets itself.
    Again(&'static str),
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// Its name as stored by the JSON codec.
    pub name: &'static str,
    /// Its shape.
    pub schema: &'static Schema,
}

/// A variant of an enum.
#[derive(Debug)]
pub struct Variant {
    /// Its name as stored by the JSON codec.
    pub name: &'static str,
    /// What is in it; `None` for one without fields.
    pub body: Option<&'static Schema>,
}

macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A value without parts. Its variants are not called as the types are: the compiler would write out
        /// the paths of those in all its errors then.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Scalar { $($(#[$doc])* $name,)* }

        impl Scalar {
            /// Its name in the lock file.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The scalar of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

scalars! {
    /// `bool`
    Bool = "bool",
    /// `u8`
    U8 = "u8",
    /// `u16`
    U16 = "u16",
    /// `u32`
    U32 = "u32",
    /// `u64`, also `usize`
    U64 = "u64",
    /// `u128`
    U128 = "u128",
    /// `i8`
    I8 = "i8",
    /// `i16`
    I16 = "i16",
    /// `i32`
    I32 = "i32",
    /// `i64`, also `isize`
    I64 = "i64",
    /// `i128`
    I128 = "i128",
    /// `f32`
    F32 = "f32",
    /// `f64`
    F64 = "f64",
    /// `char`
    Char = "char",
    /// Text.
    Text = "string",
    /// `()` and structs without fields.
    Unit = "unit",
    /// `uuid::Uuid`
    Id = "uuid",
    /// `std::net::IpAddr`
    Ip = "ip",
    /// `std::net::Ipv4Addr`
    Ipv4 = "ipv4",
    /// `std::net::Ipv6Addr`
    Ipv6 = "ipv6",
    /// `rust_decimal::Decimal`, as text
    DecimalText = "decimal",
    /// `chrono::DateTime`, as RFC 3339 text
    ChronoDateTime = "chrono.date_time",
    /// `chrono::NaiveDateTime`, as text
    ChronoNaiveDateTime = "chrono.naive_date_time",
    /// `chrono::NaiveDate`, as text
    ChronoDate = "chrono.date",
    /// `chrono::NaiveTime`, as text
    ChronoTime = "chrono.time",
    /// `time::OffsetDateTime`
    TimeOffsetDateTime = "time.offset_date_time",
    /// `time::PrimitiveDateTime`
    TimePrimitiveDateTime = "time.primitive_date_time",
    /// `time::Date`
    TimeDate = "time.date",
    /// `time::Time`
    TimeTime = "time.time",
    /// `time::Duration`
    TimeDuration = "time.duration",
}
