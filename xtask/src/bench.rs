//! Benchmarks, by what they measure, and all of them in one report.

use std::path::Path;

use crate::{
    run::Steps,
    stack::{self, CASSANDRA, Stack, Wanted},
};

/// What people ask for, and the binary of the package `es-bench` that measures it.
const BENCHES: &[(&str, &str)] = &[("core", "command"), ("store", "store"), ("pipeline", "pipeline")];
/// All of them, growth and the peers. What people get who ask for nothing.
const REPORT: &str = "report";
/// A workspace of its own: its dependencies are not the project's.
const PEERS: &str = "benches/peers/Cargo.toml";

/// The names there are, as a sentence's end.
pub(crate) fn names() -> String {
    let all = BENCHES.iter().map(|(name, _)| *name).chain([REPORT]);
    all.collect::<Vec<_>>().join(", ")
}

/// Runs the benchmark `name`, or the report of all, with `arguments`.
pub(crate) fn step<'a>(
    steps: &mut Steps,
    name: Option<&'a str>,
    arguments: impl Iterator<Item = &'a str>,
) -> Result<(), String> {
    // `cargo xtask bench --quick` names none.
    let (name, first) = match name {
        Some(argument) if argument.starts_with('-') => (REPORT, Some(argument)),
        Some(name) => (name, None),
        None => (REPORT, None),
    };
    let arguments: Vec<_> = first.into_iter().chain(arguments).collect();
    if name == REPORT {
        report(steps, &arguments);
        return Ok(());
    }
    let binary = binary(name)?;
    let mut line = vec!["run", "--release", "--package", "es-bench", "--bin", binary, "--"];
    line.extend(&arguments);
    steps.cargo(&format!("bench {name}"), &line, &[]);
    Ok(())
}

fn binary(name: &str) -> Result<&'static str, String> {
    let found = BENCHES.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, binary)| *binary)
        .ok_or_else(|| format!("there is no benchmark `{name}`; there are: {}", names()))
}

fn report(steps: &mut Steps, arguments: &[&str]) {
    let target = Stack::target(steps.root());
    if !is_given(arguments, "--peers") && !is_given(arguments, "--help") {
        let folder = target.join("peers").display().to_string();
        let line = ["build", "--release", "--locked", "--manifest-path", PEERS, "--target-dir", &folder];
        // The report says so when they could not be built, and has the rest.
        steps.cargo("bench report: build the peers", &line, &[]);
    }
    let runs = Stack::of(steps.root()).running().unwrap_or_default();
    let kafka = runs.iter().any(|server| server.name().starts_with("kafka"));
    let mut line: Vec<_> =
        ["run", "--release", "--package", "es-bench", "--bin", REPORT, "--"].map(str::to_owned).into();
    line.extend(arguments.iter().copied().map(str::to_owned));
    line.extend(defaults(&target, arguments, kafka));
    steps.cargo("bench report", &line.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
}

/// What this tree and its stack are, where `arguments` do not say otherwise.
fn defaults(target: &Path, arguments: &[&str], kafka: bool) -> Vec<String> {
    let wanted = Wanted::cassandra(CASSANDRA[0], 1);
    let within = |path: &str| target.join(path).display().to_string();
    let mut all = vec![
        ("--to", within("bench")),
        ("--peers", within("peers/release/peer")),
        ("--server", wanted.hosts().join(",")),
        ("--brokers", wanted.brokers()),
        ("--postgres", stack::postgres::url()),
    ];
    all.extend(kafka.then(|| ("--kafka", stack::KAFKA.to_owned())));
    all.retain(|(name, _)| !is_given(arguments, name));
    all.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
}

fn is_given(arguments: &[&str], name: &str) -> bool {
    arguments.iter().any(|argument| argument.split('=').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_map_to_binaries() {
        assert_eq!(binary("core").unwrap(), "command");
        assert_eq!(
            binary("cores").unwrap_err(),
            "there is no benchmark `cores`; there are: core, store, pipeline, report"
        );
    }

    #[test]
    fn what_is_given_is_left_as_it_is() {
        let given = ["--quick", "--to=here", "--postgres", "url"];
        let added = defaults(Path::new("t"), &given, true);
        let names: Vec<_> = added.iter().filter(|text| text.starts_with("--")).collect();
        assert_eq!(names, ["--peers", "--server", "--brokers", "--kafka"]);
        assert!(defaults(Path::new("t"), &[], false).contains(&"t/bench".to_owned()));
    }
}
