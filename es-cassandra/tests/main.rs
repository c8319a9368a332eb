//! The store, on the real server of `cargo xtask stack up`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(unreachable_pub, reason = "a test's modules are its own")]

mod cluster;
mod commits;
mod conformance;
mod faults;
mod full;
mod history;
mod ledger;
mod repository;
mod secured;
mod start;
