//! The store, on the real server of `cargo xtask stack up`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cluster;
mod conformance;
