//! The derives and attributes of event-sourcing-rs.
//!
//! Applications use them through the facade crate `event-sourcing-rs`. Each macro emits thin impls of the
//! traits in es-core; what they do lives there, in ordinary functions.

mod aggregate;
mod args;
mod command_handler;
mod diag;
mod entry;
mod event;
mod names;
mod projection;
mod query_handler;
mod services;
mod signature;
#[cfg(test)]
mod tests;
mod types;

use proc_macro::TokenStream;

/// A current event.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive_event(input.into()).into()
}

/// A superseded version of an event.
#[proc_macro_derive(PastEvent, attributes(event))]
pub fn derive_past_event(input: TokenStream) -> TokenStream {
    event::derive_past_event(input.into()).into()
}

/// An aggregate.
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn derive_aggregate(input: TokenStream) -> TokenStream {
    aggregate::derive_aggregate(input.into()).into()
}

/// Services.
#[proc_macro_derive(Services, attributes(services, provide))]
pub fn derive_services(input: TokenStream) -> TokenStream {
    services::derive_services(input.into()).into()
}

/// A command handler.
#[proc_macro_attribute]
pub fn command_handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    command_handler::command_handler(attribute.into(), item.into()).into()
}

/// A query handler.
#[proc_macro_attribute]
pub fn query_handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    query_handler::query_handler(attribute.into(), item.into()).into()
}

/// A projection.
#[proc_macro_attribute]
pub fn projection(attribute: TokenStream, item: TokenStream) -> TokenStream {
    projection::projection(attribute.into(), item.into()).into()
}
