//! Every test of the project.

use crate::{
    faults::{self, Options},
    run::Steps,
    stack::{Pipeline, Stack, Wanted, postgres},
    system,
};

/// The crates whose integration tests need a server of the stack.
const ON_SERVERS: &[&str] = &["es-bench", "es-cassandra", "es-kafka"];

/// The module with those tests that need a server, in a crate of which most does not.
const ON_SERVER: &str = "on_server";

/// How many seeds es-core is simulated with.
const SEEDS: (&str, &str) = ("ES_SIMULATION_SEEDS", "10000");

/// Integration tests of one package that are run on a stack.
struct Tests {
    package: &'static str,
    /// Only tests whose name has one of these in it, where there are any.
    only: &'static [&'static str],
    skip: &'static [&'static str],
    /// Where the examples keep their events; see `tests/place.rs`.
    examples: Option<&'static str>,
}

impl Tests {
    const fn of(package: &'static str) -> Self {
        Self { package, only: &[], skip: &[], examples: None }
    }

    const fn only(self, only: &'static [&'static str]) -> Self {
        Self { only, ..self }
    }

    const fn skip(self, skip: &'static [&'static str]) -> Self {
        Self { skip, ..self }
    }

    /// The examples, with their events in `store`. SQLite's own troubles are left out.
    const fn examples(store: &'static str) -> Self {
        let tests = Self::of("event-sourcing-rs").only(&["bank::", "flights::"]);
        Self { examples: Some(store), ..tests.skip(&["a_store_out_of_reach"]) }
    }

    fn name(&self) -> String {
        match self.examples {
            Some(store) => format!("the examples, {store}"),
            None => self.package.to_owned(),
        }
    }

    fn arguments(&self) -> Vec<&'static str> {
        let mut line = vec!["test", "--all-features", "--no-fail-fast", "--package", self.package];
        line.extend(["--test", "main", "--"]);
        line.extend(self.only);
        line.extend(self.skip.iter().flat_map(|name| ["--skip", name]));
        line
    }
}

/// The stacks, and what is run on each. `secured::` needs a login and TLS,
/// `full::` little space for changes.
const STACKS: &[(Wanted, &[Tests])] = &[
    (Wanted::cassandra("4.1.10", 1), &[Tests::of("es-cassandra").skip(&["faults::", "full::"])]),
    (
        Wanted::cassandra("5.0.9", 1).with(Pipeline::Standalone),
        &[
            Tests::of("es-cassandra").skip(&["secured::", "full::"]),
            Tests::of("es-bench"),
            Tests::of("es-kafka"),
            Tests::of("es-sql").only(&[ON_SERVER]),
            Tests::of("es-cli").only(&[ON_SERVER]),
            Tests::of("event-sourcing-rs").only(&[ON_SERVER]),
            Tests::examples("cassandra"),
            Tests::examples("pipeline"),
        ],
    ),
    (Wanted::cassandra("5.0.9", 1).with_cdc_mib(24), &[Tests::of("es-cassandra").only(&["full::"])]),
    (
        Wanted::cassandra("4.1.10", 3),
        &[Tests::of("es-cassandra").only(&[
            "conformance::",
            "repository::",
            "faults::single",
            "history::processes",
        ])],
    ),
    (Wanted::cassandra("5.0.9", 3), &[Tests::of("es-cassandra").skip(&["secured::", "full::"])]),
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
    steps.cargo("tests: unit, integration, ui", &tests, &[SEEDS]);
    steps.cargo("tests: units of what needs servers", &units, &[]);
    let mut doc = vec!["test", "--workspace", "--doc"];
    doc.extend(common);
    steps.cargo("tests: documentation", &doc, &[]);
}

/// The whole pipeline while its parts are killed and frozen, and for how many seconds.
const FAULTS: &[(Wanted, u64)] = &[(faults::wanted(3, false), 75), (faults::wanted(1, true), 60)];

/// What needs servers, on each stack in turn. What was started for it is stopped again.
pub(crate) fn on_servers(steps: &mut Steps) {
    let stack = Stack::of(steps.root());
    for (wanted, tests) in STACKS {
        let ran = on(&stack, *wanted, steps, |steps| {
            for tests in *tests {
                on_server(&stack, *wanted, tests, steps);
            }
        });
        if !ran {
            return;
        }
    }
    for (seed, (wanted, seconds)) in (1..).zip(FAULTS) {
        if !on(&stack, *wanted, steps, |steps| faults(steps, &Options::all(*wanted, *seconds, seed))) {
            return;
        }
    }
}

/// Does it on a stack that is new, and stops what was started for it. Whether it could be started.
fn on(stack: &Stack, wanted: Wanted, steps: &mut Steps, tests: impl FnOnce(&mut Steps)) -> bool {
    let mut started = Vec::new();
    steps.step(&format!("stack: {wanted}"), || {
        // What earlier tests left behind would only cost memory.
        stack.forget(wanted)?;
        started = stack.up(wanted)?;
        Ok(())
    });
    if steps.failed() {
        // Its log has been printed; tests without their server would only hide it.
        steps.step("stop what had started", || stack.down().map(drop));
        return false;
    }
    tests(steps);
    if !started.is_empty() {
        steps.step(&format!("stop: {wanted}"), || stack.stop(&started));
    }
    true
}

/// Integration tests of a package, told where the servers are.
fn on_server(stack: &Stack, wanted: Wanted, tests: &Tests, steps: &mut Steps) {
    let mut servers = vec![
        ("ES_CASSANDRA_HOSTS", wanted.hosts().join(",")),
        ("ES_KAFKA_BROKERS", wanted.brokers()),
        ("ES_POSTGRES_URL", postgres::url()),
    ];
    servers.extend(stack.variables(wanted));
    let place = tests.examples.map(|store| ("ES_EXAMPLES_STORE", store));
    let servers = servers.iter().map(|(name, value)| (*name, value.as_str()));
    let variables: Vec<_> = servers.chain(place).collect();
    let name = format!("tests: {}, on {wanted}", tests.name());
    steps.cargo(&name, &tests.arguments(), &variables);
}

/// The whole pipeline under load while its parts are killed and frozen.
pub(crate) fn faults(steps: &mut Steps, options: &Options) {
    steps.cargo("faults: build", &["build", "--package", "es-faults"], &[]);
    if steps.failed() {
        return;
    }
    let root = steps.root().to_owned();
    steps.step(&format!("faults: {}, seed {}", options.wanted, options.seed), || faults::run(&root, options));
}
