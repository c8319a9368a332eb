//! The whole journey, on the embedded default.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod bank;
mod flights;
mod journey;
mod race;
