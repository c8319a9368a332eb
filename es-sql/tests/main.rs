//! The SQLite backends, on files, and those on a server of the stack (`on_server`).

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod conformance;
mod inspect;
mod listeners;
#[cfg(feature = "postgres")]
mod on_server;
mod open;
mod processes;
mod rebuild;
mod statements;
