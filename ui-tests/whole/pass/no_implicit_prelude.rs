//! Generated code needs no prelude, and user items may have any name.
#![no_implicit_prelude]
#![allow(non_camel_case_types, dead_code, unused_imports, reason = "the names are hostile on purpose")]

mod hostile {
    //! What generated code might trip over, if it named things without their paths.
    pub struct Result;
    pub struct Option;
    pub struct Vec;
    pub struct String;
    pub struct Send;
    pub struct Sync;
    pub struct Clone;
    pub struct Default;
    pub struct From;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct Box;
    pub struct u32;
    pub struct u64;
    pub struct u8;
    pub struct str;
    pub struct bool;
    pub struct core;
    pub struct std;
    pub mod event_sourcing {}
}
use hostile::*;

mod stored {
    //! What serde's derives would do: they name `u64` and `str` without paths.
    macro_rules! stored { ($($t:ident)*) => { $(
        impl ::serde::Serialize for super::$t {
            fn serialize<S: ::serde::Serializer>(&self, s: S) -> ::core::result::Result<S::Ok, S::Error> {
                s.serialize_unit()
            }
        }
        impl<'de> ::serde::Deserialize<'de> for super::$t {
            fn deserialize<D: ::serde::Deserializer<'de>>(_: D) -> ::core::result::Result<Self, D::Error> {
                ::core::result::Result::Err(::serde::de::Error::custom("never read"))
            }
        }
    )* } }
    stored!(Made MovedV1 Moved Thing Row);
}

#[derive(::event_sourcing::Event)]
#[event("thing.made")]
pub struct Made {
    pub __es_version: ::std::string::String,
    pub r#type: ::core::primitive::u64,
    pub codec: ::core::option::Option<::core::primitive::u8>,
}

#[derive(::event_sourcing::PastEvent)]
#[event("thing.moved", version = 1)]
pub struct MovedV1 {
    pub bytes: ::core::primitive::u8,
}
#[derive(::event_sourcing::Event)]
#[event("thing.moved", version = 2, from = MovedV1)]
pub struct r#Moved {
    pub version: ::core::primitive::u8,
}
impl ::core::convert::From<MovedV1> for Moved {
    fn from(past: MovedV1) -> Self {
        Self { version: past.bytes }
    }
}

#[derive(::event_sourcing::Aggregate, ::core::default::Default)]
#[aggregate("thing", id = ::core::primitive::u64, events(Made, self::Moved), snapshot(every = 2))]
pub enum Thing {
    #[default]
    New,
    Named {
        __es_0: ::std::string::String,
        __es_1: ::core::primitive::u64,
    },
    Pair(::core::primitive::u8, ::core::primitive::u8),
}
impl ::event_sourcing::aggregate::Apply<Made> for Thing {
    fn apply(&mut self, e: &Made) {
        *self =
            Thing::Named { __es_0: ::std::string::ToString::to_string(&e.__es_version), __es_1: e.r#type };
    }
}
impl ::event_sourcing::aggregate::Apply<Moved> for Thing {
    fn apply(&mut self, e: &Moved) {
        *self = Thing::Pair(e.version, 0);
    }
}

pub struct Make;
#[::event_sourcing::command_handler(creates = Thing)]
fn decide(
    __es_state: &Make,
    __es_cx: &::event_sourcing::command::CommandContext<Thing>,
    __es_services: &Clock,
) -> ::core::result::Result<(Made, Moved), ::core::convert::Infallible> {
    let made = Made {
        __es_version: ::std::string::String::new(),
        r#type: *__es_cx.id(),
        codec: ::core::option::Option::None,
    };
    ::core::result::Result::Ok((made, Moved { version: __es_services.now }))
}

pub struct Clock {
    now: ::core::primitive::u8,
}
pub trait Spare: ::core::marker::Send + ::core::marker::Sync {}
#[derive(::event_sourcing::Services)]
pub struct Services {
    r#fn: Clock,
    #[provide(dyn Spare)]
    service: ::std::sync::Arc<dyn Spare>,
}

#[derive(::core::default::Default)]
pub struct Row {
    pub count: ::core::primitive::u64,
}
pub struct Rows;
#[::event_sourcing::projection("rows", view = Row, key = ::core::primitive::str)]
impl Rows {
    #[on(key = __es_event.__es_version)]
    fn decode(__es_view: &mut Row, __es_event: &Made) {
        __es_view.count += __es_event.r#type;
    }
    #[on(key = "moved")]
    fn key(
        view: &mut Row,
        Moved { version: __es_out }: &Moved,
        __es_metadata: &::event_sourcing::event::Metadata,
    ) {
        view.count += __es_metadata.sequence + (*__es_out as ::core::primitive::u64);
    }
}

pub struct Count;
#[::event_sourcing::query_handler]
async fn answer(
    __es_views: &::event_sourcing::query::Views<Rows>,
    _: &Count,
    _: &dyn Spare,
) -> ::core::result::Result<::core::option::Option<Row>, ::event_sourcing::query::QueryError> {
    __es_views.get("moved").await
}

fn main() {}
