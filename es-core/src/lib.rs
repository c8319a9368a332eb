//! The core of event-sourcing-rs: command handling, aggregates, events, and the contracts of stores, feeds
//! and repositories. Names no driver.
//!
//! Read it in the order of the journey: [`command`] → [`handler`] → [`aggregate`] → [`event`] → [`store`] →
//! [`feed`] → [`listener`] → [`projection`] → [`repository`] → [`query`]; [`app`] wires them together.
//!
//! Applications use it through the facade crate `event-sourcing-rs`.
//!

#[doc(hidden)]
pub mod checks;

pub mod aggregate;
pub mod app;
pub mod command;
pub mod event;
pub mod feed;
pub mod handler;
pub mod listener;
mod metrics;
pub mod projection;
pub mod query;
pub mod repository;
pub mod schema;
pub mod snapshot;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// A boxed future that can move between threads.
pub(crate) type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
