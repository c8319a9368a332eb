//! `events.lock`: the shapes of the events that are stored, committed beside the package's `Cargo.toml`.
//!
//! `cargo es schema lock` writes it. The text of a shape is explained [one level up](super).
//!
//! ```text
//! # a comment
//! format 1
//!
//! account.deposited v1 crate::account::Deposited
//!     amount: u64
//! ```

use std::fmt;

use super::{Shape, ShapeError};

/// The name of the file.
pub const FILE: &str = "events.lock";

/// What a lock file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockFile {
    /// By name and version.
    events: Vec<LockedEvent>,
}

/// One version of an event, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedEvent {
    /// The full stored name.
    pub name: String,
    /// The version, from 1.
    pub version: u32,
    /// The Rust path of the struct when it was locked: shows that an event got another name.
    pub rust: String,
    /// The text of its shape.
    pub shape: String,
}

impl LockedEvent {
    /// The shape as a tree.
    ///
    /// # Errors
    ///
    /// The text cannot be understood: somebody changed it by hand.
    pub fn parse(&self) -> Result<Shape, ShapeError> {
        Shape::parse(&self.shape)
    }

    /// The category: the part of the name before the first dot.
    pub fn category(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }
}

/// A lock file cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {reason}")]
pub struct LockError {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl LockFile {
    /// Of these events; of two with the same name and version, the first.
    pub fn new(mut events: Vec<LockedEvent>) -> Self {
        events.sort_by(|a, b| a.key().cmp(&b.key()));
        events.dedup_by(|a, b| a.key() == b.key());
        Self { events }
    }

    /// Reads the text of a lock file.
    ///
    /// # Errors
    ///
    /// A line that is none of the format, such as one of a merge conflict, or a format that is not known here.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let mut events: Vec<LockedEvent> = Vec::new();
        let mut format = false;
        for (number, line) in text.lines().enumerate() {
            // What an editor of another system leaves, also at the end of a file that ends in no line feed.
            let line = line.trim_end_matches('\r');
            let wrong =
                |reason: &str| Err(LockError { line: number + 1, reason: format!("{reason}: `{line}`") });
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(shape) = line.strip_prefix("    ") {
                let Some(event) = events.last_mut() else { return wrong("is before the first event") };
                event.shape.push_str(shape);
                event.shape.push('\n');
            } else if let Some(version) = line.strip_prefix("format ") {
                if version != "1" {
                    return wrong("is of a newer version of event-sourcing-rs");
                }
                format = true;
            } else {
                let words: Vec<&str> = line.split(' ').collect();
                let [name, version, rust] = words[..] else {
                    return wrong("is no event (a merge conflict?)");
                };
                let Some(version) = version.strip_prefix('v').and_then(|v| v.parse().ok()) else {
                    return wrong("is no event (a merge conflict?)");
                };
                let (name, rust) = (name.to_owned(), rust.to_owned());
                events.push(LockedEvent { name, version, rust, shape: String::new() });
            }
        }
        if !format {
            return Err(LockError { line: 1, reason: "does not say `format 1`".to_owned() });
        }
        let unsorted = Self { events };
        let sorted = Self::new(unsorted.events.clone());
        if sorted.events.len() < unsorted.events.len() {
            let twice = |e: &&LockedEvent| unsorted.events.iter().filter(|o| o.key() == e.key()).count() > 1;
            let name = unsorted.events.iter().find(twice).map(|e| format!("`{} v{}`", e.name, e.version));
            let reason = format!("and another one are {} both", name.unwrap_or_default());
            return Err(LockError { line: 1, reason });
        }
        Ok(sorted)
    }

    /// The events, by name and version.
    pub fn events(&self) -> &[LockedEvent] {
        &self.events
    }

    /// One version of an event.
    pub fn get(&self, name: &str, version: u32) -> Option<&LockedEvent> {
        let found = self.events.binary_search_by(|e| e.key().cmp(&(name, version)));
        found.ok().map(|at| &self.events[at])
    }
}

impl LockedEvent {
    fn key(&self) -> (&str, u32) {
        (&self.name, self.version)
    }
}

impl fmt::Display for LockFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "# The shapes of the stored events: `cargo es schema lock` adds new ones. Commit this file. What is in it\n\
             # is stored somewhere and never changes.\n\
             format 1\n",
        )?;
        for event in &self.events {
            write!(f, "\n{} v{} {}\n", event.name, event.version, event.rust)?;
            for line in event.shape.lines() {
                writeln!(f, "    {line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let event = |name: &str, version, shape: &str| LockedEvent {
            name: name.to_owned(),
            version,
            rust: "bank::Deposited".to_owned(),
            shape: shape.to_owned(),
        };
        let file = LockFile::new(vec![
            event("b.c", 1, ""),
            event("a.b", 10, "x: u8\n"),
            event("a.b", 2, "x: u16\ny: list<string>\n"),
        ]);
        assert_eq!(LockFile::parse(&file.to_string()), Ok(file.clone()));
        let keys: Vec<_> = file.events().iter().map(LockedEvent::key).collect();
        assert_eq!(keys, [("a.b", 2), ("a.b", 10), ("b.c", 1)]);
        assert_eq!(file.get("a.b", 10).map(|e| &*e.shape), Some("x: u8\n"));
        assert_eq!((file.get("a.b", 1), file.events()[0].category()), (None, "a"));
    }

    #[test]
    fn carriage_returns_are_no_part_of_a_line() {
        let plain = LockFile::parse("format 1\na.b v1 F\n    x: u8\n");
        for text in ["format 1\r\na.b v1 F\r\n    x: u8\r\n", "format 1\na.b v1 F\r\r\n    x: u8\r"] {
            assert_eq!(LockFile::parse(text), plain, "{text:?}");
        }
    }

    #[test]
    fn damage_is_named() {
        for (text, why) in [
            ("", "`format 1`"),
            ("format 2\n", "newer version"),
            ("format 1\n    x: u8\n", "line 2 is before the first event"),
            ("format 1\n<<<<<<< HEAD\n", "merge conflict"),
            ("format 1\na.b 1 c::D\n", "line 2"),
            ("format 1\na.b v1 c::D\na.b v1 c::E\n", "`a.b v1`"),
        ] {
            let told = LockFile::parse(text).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
    }
}
