//! The SQLite backends, on files.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod conformance;
mod open;
mod processes;
