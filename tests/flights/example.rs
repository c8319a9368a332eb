//! The example, as a process of its own.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

pub struct Example(Command);

impl Example {
    /// Without arguments.
    pub fn plain() -> Self {
        Self(Command::new(binary()))
    }

    /// On the database `db`, to end with JSON.
    pub fn new(db: &Path) -> Self {
        let mut example = Self::plain();
        example.0.arg("--json");
        crate::place::at(&mut example.0, db);
        example
    }

    pub fn input(mut self, input: &Path) -> Self {
        self.0.arg("--input").arg(input);
        self
    }

    pub fn output(mut self) -> Output {
        self.0.output().unwrap()
    }

    /// Runs it to its good end, and reads its last line.
    pub fn report(self) -> Value {
        let output = self.output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    }

    pub fn into_command(self) -> Command {
        self.0
    }
}

/// The example's binary, beside this test's.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let binary = profile.join("examples").join("flights");
    let release = if profile.ends_with("release") { " --release" } else { "" };
    assert!(
        binary.exists(),
        "{binary:?} is missing: run `cargo build --examples --all-features{release}` first"
    );
    binary
}
