//! Connections to the cluster.

mod builder;
mod routing;

pub use builder::Builder;
pub(crate) use routing::LwtRouting;
