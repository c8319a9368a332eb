//! Checks of the project's invariants over the whole tree.
//!
//! Each check is an ordinary function from files to findings, with a test that plants a breach.

mod docs;
mod hygiene;
mod layers;
mod licences;
mod macros;
mod rust;
mod tokens;
mod ui;

use std::{fmt, fs, path::Path, process::Command};

use crate::run::Steps;

/// Checks everything, prints every finding, and fails if there is one.
pub(crate) fn step(steps: &mut Steps) {
    let root = steps.root().to_owned();
    steps.step("tidy", || {
        let files = tracked(&root)?;
        for warning in rust::long_files(&files) {
            println!("warning: {warning}");
        }
        let mut findings: Vec<_> = CHECKS.iter().flat_map(|check| check(&files)).collect();
        findings.extend(licences::dependencies(&root, &files)?);
        findings.sort();
        for finding in &findings {
            println!("{finding}");
        }
        if findings.is_empty() { Ok(()) } else { Err(format!("{} findings", findings.len())) }
    });
}

type Check = fn(&[File]) -> Vec<Finding>;

const CHECKS: &[Check] = &[
    layers::core_names_no_driver,
    layers::facade_names_no_driver,
    layers::backends_depend_on_core_only,
    layers::workspace_lints,
    macros::no_io,
    macros::no_panic,
    rust::too_long_files,
    rust::allow_needs_reason,
    rust::no_leftovers,
    rust::ignore_needs_reason,
    docs::rust_blocks_are_compiled,
    docs::links_resolve,
    docs::changelog_has_unreleased,
    ui::every_failure_has_its_text,
    hygiene::no_machine_paths,
    hygiene::no_index_hosts,
    licences::texts_exist,
];

/// A file of the tree.
pub(crate) struct File {
    /// Relative to the root, with `/`.
    path: String,
    /// Empty when it is not text.
    text: String,
}

/// A breach, and what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    message: String,
    remedy: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} — {}", self.path, self.line, self.message, self.remedy)
    }
}

impl File {
    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|e| e == extension)
    }

    /// Whether it lies below `folder`, written without a slash at its end.
    fn below(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Where `needle` first stands in `text`, as a line from 1; 1 if nowhere.
fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(1, |at| at + 1)
}

/// What git tracks, and what it would if it were added; without files that are deleted but still tracked.
fn tracked(root: &Path) -> Result<Vec<File>, String> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
    let output = Command::new("git").args(list).current_dir(root).output();
    let output =
        output.map_err(|error| format!("git did not start, and it says which files there are: {error}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let paths = String::from_utf8_lossy(&output.stdout);
    let files = paths.split_terminator('\0').filter_map(|path| {
        let bytes = fs::read(root.join(path)).ok()?;
        Some(File { path: path.to_owned(), text: String::from_utf8(bytes).unwrap_or_default() })
    });
    Ok(files.collect())
}

/// A tree for a test.
#[cfg(test)]
fn tree(files: &[(&str, &str)]) -> Vec<File> {
    files.iter().map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
}

/// Where a check finds something in a tree, as `path:line`.
#[cfg(test)]
fn places(check: Check, files: &[(&str, &str)]) -> Vec<String> {
    check(&tree(files)).iter().map(|f| format!("{}:{}", f.path, f.line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_this_very_file_with_its_text() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let files = tracked(root).unwrap();
        let this = files.iter().find(|f| f.path == "xtask/src/tidy/mod.rs").unwrap();
        assert!(this.text.contains("lists_this_very_file_with_its_text"));
        assert!(!files.iter().any(|f| f.path.starts_with("target/")), "ignored files stay out");
    }

    #[test]
    fn a_finding_reads_as_place_message_remedy() {
        assert_eq!(Finding::new("a.rs", 3, "bad", "do good").to_string(), "a.rs:3: bad — do good");
    }
}
