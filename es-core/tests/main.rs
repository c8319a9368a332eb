//! What the crate promises to its users, seen from outside.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(unreachable_pub, reason = "a test's modules are its own")]

mod command;
mod conformance;
mod documents;
mod framing;
mod listener;
mod operations;
mod schema;
mod simulation;
