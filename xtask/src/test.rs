//! Every test of the project.
//!
//! Nothing here needs a server yet. Tests that do will start theirs from a `stack` module of their own, as
//! steps after these, unless `--embedded` is given.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use crate::run::Steps;

/// Examples are built before the tests that start them.
pub(crate) fn steps(steps: &mut Steps) {
    if !on_path(C_COMPILER) {
        steps.step("C compiler", install_c_compiler);
    }
    let examples = ["build", "--workspace", "--all-features", "--examples"];
    let tests = [
        "test",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
        "--lib",
        "--bins",
        "--tests",
        "--examples",
    ];
    let doc = ["test", "--workspace", "--all-features", "--no-fail-fast", "--doc"];
    steps.cargo("examples", &examples, &[]);
    steps.cargo("tests: unit, integration, ui", &tests, &[]);
    steps.cargo("tests: documentation", &doc, &[]);
}

/// What SQLite is compiled with.
const C_COMPILER: &str = "cc";
const INSTALL: &str = "apt-get install --yes --no-install-recommends gcc libc6-dev";

fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn install_c_compiler() -> Result<(), String> {
    if !(Path::new("/etc/debian_version").exists() && is_root()) {
        return Err(format!(
            "`{C_COMPILER}` is missing, and SQLite is compiled with it; on Debian: sudo {INSTALL}"
        ));
    }
    for line in ["apt-get update", INSTALL] {
        println!("$ {line}");
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        match command.args(words).env("DEBIAN_FRONTEND", "noninteractive").status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("`{line}` ended with {status}")),
            Err(error) => return Err(format!("`{line}` did not start: {error}")),
        }
    }
    if on_path(C_COMPILER) {
        Ok(())
    } else {
        Err(format!("`{C_COMPILER}` is still missing after `{INSTALL}`"))
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::on_path;

    #[test]
    fn finds_programs() {
        assert!(on_path("cargo"), "cargo runs this test");
        assert!(!on_path("no-such-program"));
    }
}
