//! The whole journey, on the embedded default and on servers.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(unreachable_pub, reason = "a test's modules are its own")]

mod bank;
mod config;
mod flights;
mod golden;
mod journey;
#[cfg(all(feature = "pipeline", feature = "testing"))]
mod on_server;
#[cfg(feature = "testing")]
mod own_database;
mod place;
mod race;
mod readme;
mod rolling;
