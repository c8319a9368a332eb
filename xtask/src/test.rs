//! Every test of the project.
//!
//! Nothing here needs a server yet. Tests that do will start theirs from a `stack` module of their own, as
//! steps after these, unless `--embedded` is given.

use crate::{run::Steps, system};

/// Examples are built before the tests that start them.
pub(crate) fn steps(steps: &mut Steps) {
    if !system::on_path(C_COMPILER) {
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

fn install_c_compiler() -> Result<(), String> {
    system::install("the C compiler, which SQLite is compiled with", "gcc libc6-dev")?;
    if system::on_path(C_COMPILER) { Ok(()) } else { Err(format!("`{C_COMPILER}` is still missing")) }
}

/// What SQLite is compiled with.
const C_COMPILER: &str = "cc";
