//! Every test of the project.

use crate::{
    run::Steps,
    stack::{Stack, Wanted},
    system,
};

/// The crates whose integration tests need a server of the stack.
const ON_SERVERS: &[&str] = &["es-cassandra"];

/// The stacks that these are run on.
const STACKS: &[Wanted] = &[
    Wanted { cassandra: "4.1.10", nodes: 1 },
    Wanted { cassandra: "5.0.9", nodes: 1 },
    Wanted { cassandra: "5.0.9", nodes: 3 },
];

/// What needs no servers. Examples are built before the tests that start them.
pub(crate) fn embedded(steps: &mut Steps) {
    if !system::on_path(C_COMPILER) {
        steps.step("C compiler", install_c_compiler);
    }
    let common = ["--all-features", "--no-fail-fast"];
    steps.cargo("examples", &["build", "--workspace", "--all-features", "--examples"], &[]);
    let mut tests = vec!["test", "--workspace", "--lib", "--bins", "--tests", "--examples"];
    tests.extend(common);
    let mut units = vec!["test", "--lib"];
    units.extend(common);
    for package in ON_SERVERS {
        tests.extend(["--exclude", package]);
        units.extend(["--package", package]);
    }
    steps.cargo("tests: unit, integration, ui", &tests, &[]);
    steps.cargo("tests: units of what needs servers", &units, &[]);
    let mut doc = vec!["test", "--workspace", "--doc"];
    doc.extend(common);
    steps.cargo("tests: documentation", &doc, &[]);
}

/// What needs servers, on each stack in turn. What was started for it is stopped again.
pub(crate) fn on_servers(steps: &mut Steps) {
    let stack = Stack::of(steps.root());
    for wanted in STACKS {
        let mut started = Vec::new();
        steps.step(&format!("stack: {wanted}"), || {
            started = stack.up(*wanted)?;
            Ok(())
        });
        if steps.failed() {
            // Its log has been printed; tests without their server would only hide it.
            steps.step("stop what had started", || stack.down().map(drop));
            break;
        }
        let hosts = wanted.hosts().join(",");
        let mut tests = vec!["test", "--all-features", "--no-fail-fast", "--test", "main"];
        for package in ON_SERVERS {
            tests.extend(["--package", package]);
        }
        steps.cargo(&format!("tests: {wanted}"), &tests, &[("ES_CASSANDRA_HOSTS", &hosts)]);
        if !started.is_empty() {
            steps.step(&format!("stop: {wanted}"), || stack.stop(&started));
        }
    }
}

fn install_c_compiler() -> Result<(), String> {
    system::install("the C compiler, which SQLite is compiled with", "gcc libc6-dev")?;
    if system::on_path(C_COMPILER) { Ok(()) } else { Err(format!("`{C_COMPILER}` is still missing")) }
}

/// What SQLite is compiled with.
const C_COMPILER: &str = "cc";
