//! Every test of the project.

use crate::{
    run::Steps,
    stack::{Pipeline, Stack, Wanted, postgres},
    system,
};

/// The crates whose integration tests need a server of the stack.
const ON_SERVERS: &[&str] = &["es-cassandra", "es-kafka"];

/// Those of them that need Kafka and Debezium too.
const ON_PIPELINE: &[&str] = &["es-kafka"];

/// The module with those tests that need a Cassandra with logins and TLS.
const ON_SECURED: &str = "secured::";

/// The module with those tests of es-sql that need PostgreSQL.
const ON_SERVER: &str = "on_server";

/// The stacks that these are run on.
const STACKS: &[Wanted] = &[
    Wanted::cassandra("4.1.10", 1),
    Wanted::cassandra("5.0.9", 1).with(Pipeline::Standalone),
    Wanted::cassandra("5.0.9", 3),
];

/// What needs no servers. Examples are built before the tests that start them.
pub(crate) fn embedded(steps: &mut Steps) {
    if !system::can_compile_c() {
        steps.step("C compiler", system::install_c);
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
    // Modules of that name need a server in a crate of which most does not.
    tests.extend(["--", "--skip", ON_SERVER]);
    steps.cargo("tests: unit, integration, ui", &tests, &[]);
    steps.cargo("tests: units of what needs servers", &units, &[]);
    let mut doc = vec!["test", "--workspace", "--doc"];
    doc.extend(common);
    steps.cargo("tests: documentation", &doc, &[]);
}

/// What needs servers, on each stack in turn. What was started for it is stopped again.
pub(crate) fn on_servers(steps: &mut Steps) {
    let stack = Stack::of(steps.root());
    on_postgres(steps, &stack);
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
        let is_piped = wanted.pipeline.is_some();
        for package in ON_SERVERS.iter().filter(|package| is_piped || !ON_PIPELINE.contains(package)) {
            tests.extend(["--package", package]);
        }
        let brokers = wanted.brokers();
        let mut servers =
            vec![("ES_CASSANDRA_HOSTS", hosts.as_str()), ("ES_KAFKA_BROKERS", brokers.as_str())];
        let secured = stack.variables(*wanted);
        servers.extend(secured.iter().map(|(name, value)| (*name, value.as_str())));
        if !wanted.is_secured() {
            tests.extend(["--", "--skip", ON_SECURED]);
        }
        steps.cargo(&format!("tests: {wanted}"), &tests, &servers);
        if !started.is_empty() {
            steps.step(&format!("stop: {wanted}"), || stack.stop(&started));
        }
    }
}

fn on_postgres(steps: &mut Steps, stack: &Stack) {
    let mut started = Err(String::new());
    steps.step("stack: PostgreSQL", || {
        started = stack.postgres_up();
        started.as_ref().map(drop).map_err(Clone::clone)
    });
    let Ok(started) = started else { return };
    let tests =
        ["test", "--package", "es-sql", "--all-features", "--no-fail-fast", "--test", "main", ON_SERVER];
    steps.cargo("tests: PostgreSQL", &tests, &[("ES_POSTGRES_URL", &postgres::url())]);
    if !started.is_empty() {
        steps.step("stop: PostgreSQL", || stack.stop(&started));
    }
}
