//! The shapes of types that are not the application's own.
//!
//! Those of single types are not recommended to who lacks one: there are many. Those of collections are, or the
//! compiler would blame a list for what is in it.

#[cfg(feature = "chrono")]
mod chrono;
mod net;
#[cfg(feature = "rust_decimal")]
mod rust_decimal;
mod scalars;
mod standard;
#[cfg(feature = "time")]
mod time;

/// `scalar!(Text: String, Box<str>)`
macro_rules! scalar {
    ($($name:ident: $($of:ty),+;)+) => { $($(
        #[diagnostic::do_not_recommend]
        impl $crate::schema::EventSchema for $of {
            const SCHEMA: &'static $crate::schema::Schema =
                &$crate::schema::Schema::Scalar($crate::schema::Scalar::$name);
        }
    )+)+ };
}
use scalar;
