//! What the crate promises to its users, seen from outside.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod conformance;
mod listener;
