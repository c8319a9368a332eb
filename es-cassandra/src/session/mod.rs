//! Connections to the cluster.

mod builder;
mod connect;
mod connection;
mod lwt;
mod pause;
mod routing;

pub use builder::Builder;
pub(crate) use connection::Connection;
pub(crate) use lwt::is_applied;
pub(crate) use pause::pause;
pub(crate) use routing::LwtRouting;
