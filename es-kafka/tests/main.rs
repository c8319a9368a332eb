//! The feed, on the real servers of `cargo xtask stack up --pipeline`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(unreachable_pub, reason = "a test's modules are its own")]

mod app;
mod broker;
mod clock;
mod conformance;
mod fast_path;
mod listener;
mod outage;
mod pipeline;
mod rebalance;
mod shutdown;
mod topics;
