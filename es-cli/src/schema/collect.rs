//! The shapes of a package's events, from the compiler.
//!
//! With `ES_SCHEMA_REPORT` set, each derive makes a constant whose evaluation fails with the event's shape as the
//! message. So `cargo check` tells all of them, without running anything of the application.

use serde_json::Value;
use std::{
    io,
    process::{Command, Stdio},
};

use crate::package::{Kind, Package, Target, cargo};

/// Begins the message of an event.
const MARK: &str = "es-schema 1\n";

/// An event in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) version: u32,
    /// Its Rust path.
    pub(super) rust: String,
    pub(super) shape: String,
    /// File and line.
    pub(super) place: String,
}

impl Found {
    pub(super) fn is_stored_as(&self, other: &Self) -> bool {
        self.name == other.name && self.version == other.version
    }
}

/// The shapes could not be read from the code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CollectError {
    #[error("cargo cannot be started: {0}")]
    Cargo(#[from] io::Error),
    #[error("the package does not compile, so its events are not known:\n\n{0}")]
    DoesNotCompile(String),
    #[error(
        "the package was compiled by another version of event-sourcing-rs: this was not understood:\n{0}"
    )]
    NotUnderstood(String),
}

/// All events of the package, by name and version.
pub(super) fn events(package: &Package) -> Result<Vec<Found>, CollectError> {
    let mut events: Vec<Found> = Vec::new();
    for target in &package.targets {
        for found in of_target(package, target)? {
            // A module of the library that the binary has, too, is the same event.
            let again = |known: &Found| known.place == found.place && known.is_stored_as(&found);
            if !events.iter().any(again) {
                events.push(found);
            }
        }
    }
    events.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
    Ok(events)
}

fn of_target(package: &Package, target: &Target) -> Result<Vec<Found>, CollectError> {
    let output = check(package, target).stdin(Stdio::null()).output()?;
    let mut events = Vec::new();
    let mut errors = String::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let message = &message["message"];
        if message["level"].as_str() != Some("error") {
            continue;
        }
        let text = message["message"].as_str().unwrap_or_default();
        if let Some((_, report)) = text.split_once(MARK) {
            let found = read(report, message).ok_or_else(|| CollectError::NotUnderstood(text.to_owned()))?;
            events.push(found);
        } else if !text.starts_with("aborting due to") {
            errors.push_str(message["rendered"].as_str().unwrap_or(text));
        }
    }
    if !errors.is_empty() {
        return Err(CollectError::DoesNotCompile(errors));
    }
    if !output.status.success() && events.is_empty() {
        return Err(CollectError::DoesNotCompile(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(events)
}

fn check(package: &Package, target: &Target) -> Command {
    let folder = package.manifest.parent().unwrap_or(&package.manifest);
    let mut command = cargo();
    command.args(["check", "--quiet", "--message-format", "json", "--manifest-path"]).arg(&package.manifest);
    command.args(["--package", &package.name]);
    // Not that of the application: what is compiled this way would have to be compiled again.
    command.arg("--target-dir").arg(package.target.join("es-schema"));
    command.args(&package.flags);
    if !target.features.is_empty() {
        command.args(["--features", &target.features.join(",")]);
    }
    let kind = match target.kind {
        Kind::Lib => {
            command.arg("--lib");
            "lib:".to_owned()
        }
        Kind::Bin => {
            command.args(["--bin", &target.name]);
            format!("bin:{}", target.name)
        }
        Kind::Example => {
            command.args(["--example", &target.name]);
            format!("bin:{}", target.name)
        }
    };
    // Cargo sets it for binaries alone, and would hand on one that is there already.
    command.env_remove("CARGO_BIN_NAME");
    command.env("ES_SCHEMA_REPORT", format!("{}:{kind}", folder.display()));
    command
}

/// `name vN current|past path`, and the lines of the shape.
fn read(report: &str, message: &Value) -> Option<Found> {
    let (head, shape) = report.split_once('\n')?;
    let mut words = head.split(' ');
    let (name, version, _kind, rust) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let version = version.strip_prefix('v')?.parse().ok()?;
    let spans = message["spans"].as_array()?;
    let span = spans.iter().find(|span| span["is_primary"].as_bool() == Some(true))?;
    let place = format!("{}:{}", span["file_name"].as_str()?, span["line_start"].as_u64()?);
    Some(Found { name: name.to_owned(), version, rust: rust.to_owned(), shape: shape.to_owned(), place })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let message = serde_json::json!({"spans": [
            {"is_primary": false, "file_name": "b.rs", "line_start": 1},
            {"is_primary": true, "file_name": "src/a.rs", "line_start": 7},
        ]});
        let found = read("a.b v2 past crate::m::B\nx: u8\ny: u16\n", &message).unwrap();
        assert_eq!((&*found.name, found.version, &*found.rust), ("a.b", 2, "crate::m::B"));
        assert_eq!((&*found.shape, &*found.place), ("x: u8\ny: u16\n", "src/a.rs:7"));
        assert_eq!(read("a.b 2\n", &message), None);
    }
}
