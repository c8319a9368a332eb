//! The SQLite backends, on files.

mod conformance;
mod open;
mod processes;
