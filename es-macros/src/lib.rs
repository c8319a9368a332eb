//! The derives and attributes of event-sourcing-rs.
//!
//! Applications use them through the facade crate `event-sourcing-rs`, whose prelude has them all. Each macro
//! emits thin impls of the traits in es-core; what they do lives there, in ordinary functions.
//!
//! | Write | On | To get |
//! |---|---|---|
//! | [`#[derive(Event)]`](macro@Event) | a struct | a fact that is stored for ever under its name |
//! | [`#[derive(PastEvent)]`](macro@PastEvent) | a struct | a former version of it, which can still be read |
//! | [`#[derive(EventSchema)]`](macro@EventSchema) | a struct or enum | a type that fields of events may have |
//! | [`#[derive(Aggregate)]`](macro@Aggregate) | a struct or enum | the state that events make, and the enum of its events |
//! | [`#[command_handler]`](macro@command_handler) | a function | the decision on one kind of command |
//! | [`#[projection]`](macro@projection) | an `impl` block | view rows that events change |
//! | [`#[query_handler]`](macro@query_handler) | a function | the answer to one kind of query |
//! | [`#[derive(Services)]`](macro@Services) | a struct | what handlers may ask for |
//!
//! Every mistake is a compile error at the code that is wrong. All mistakes in one item are reported at once.
//!
//! All macros take `crate = path`, the path to the facade where it is not `::event_sourcing`: because it was
//! renamed in `Cargo.toml`, or comes with a crate of your own. It stands with the other options, and for
//! services in `#[services(crate = path)]`.

mod aggregate;
mod args;
mod command_handler;
mod diag;
mod entry;
mod event;
mod event_schema;
mod lock;
mod names;
mod projection;
mod query_handler;
mod services;
mod signature;
#[cfg(test)]
mod tests;
mod types;

use proc_macro::TokenStream;

#[doc = include_str!("../docs/event.md")]
#[proc_macro_derive(Event, attributes(event, event_schema))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive_event(input.into()).into()
}

#[doc = include_str!("../docs/past_event.md")]
#[proc_macro_derive(PastEvent, attributes(event, event_schema))]
pub fn derive_past_event(input: TokenStream) -> TokenStream {
    event::derive_past_event(input.into()).into()
}

#[doc = include_str!("../docs/event_schema.md")]
#[proc_macro_derive(EventSchema, attributes(event_schema))]
pub fn derive_event_schema(input: TokenStream) -> TokenStream {
    event_schema::derive_event_schema(input.into()).into()
}

#[doc = include_str!("../docs/aggregate.md")]
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn derive_aggregate(input: TokenStream) -> TokenStream {
    aggregate::derive_aggregate(input.into()).into()
}

#[doc = include_str!("../docs/services.md")]
#[proc_macro_derive(Services, attributes(services, provide))]
pub fn derive_services(input: TokenStream) -> TokenStream {
    services::derive_services(input.into()).into()
}

#[doc = include_str!("../docs/command_handler.md")]
#[proc_macro_attribute]
pub fn command_handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    command_handler::command_handler(attribute.into(), item.into()).into()
}

#[doc = include_str!("../docs/query_handler.md")]
#[proc_macro_attribute]
pub fn query_handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    query_handler::query_handler(attribute.into(), item.into()).into()
}

#[doc = include_str!("../docs/projection.md")]
#[proc_macro_attribute]
pub fn projection(attribute: TokenStream, item: TokenStream) -> TokenStream {
    projection::projection(attribute.into(), item.into()).into()
}
