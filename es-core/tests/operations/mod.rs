//! What an App tells those who run it.

mod health;
mod metrics;
mod recorder;
mod spans;
mod trace;
