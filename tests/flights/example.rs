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

    /// Where the configuration `file` says, to end with JSON.
    pub fn configured(file: &Path) -> Self {
        let mut example = Self::plain();
        example.0.arg("--json").arg("--config").arg(file);
        example
    }

    pub fn input(mut self, input: &Path) -> Self {
        self.0.arg("--input").arg(input);
        self
    }

    pub fn output(mut self) -> Output {
        self.0.output().unwrap()
    }

    pub fn rebuild(mut self) -> Self {
        self.0.arg("--rebuild");
        self
    }

    /// Runs it to its good end, and reads its last line.
    pub fn report(self) -> Value {
        self.report_and_stderr().0
    }

    pub fn report_and_stderr(self) -> (Value, String) {
        let output = self.output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        let text = String::from_utf8(output.stdout).unwrap();
        (serde_json::from_str(text.lines().last().unwrap()).unwrap(), told)
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
