//! `cargo es`, as people run it.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod doctor;
mod elsewhere;
mod exchanged;
mod projection;
mod schema;
mod shop;
mod store;
mod stream;
mod views;

use std::process::{Command, Output};

/// The binary with these arguments.
fn cargo_es(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-es"));
    command.args(arguments);
    command
}

/// What it printed, if it ended as it should.
fn printed(command: &mut Command, good: bool) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.success(), good, "{text}");
    text
}
