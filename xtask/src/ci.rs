//! What has to be green before a change goes in.

use crate::{run::Steps, test, tidy};

/// The quick answers first, the tests last.
pub(crate) fn steps(steps: &mut Steps) {
    steps.cargo("format", &["fmt", "--all", "--check"], &[]);
    tidy::step(steps);
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    steps.cargo("clippy", &clippy, &[]);
    // What is compiled only beside something else would be missing in an application that has less.
    let default = ["clippy", "--package", "event-sourcing-rs", "--package", "es-cli", "--all-targets"];
    steps.cargo("clippy, default features", &[&default[..], &["--", "-D", "warnings"]].concat(), &[]);
    for feature in ["sqlite", "postgres", "cassandra", "kafka"] {
        let alone =
            ["check", "--package", "event-sourcing-rs", "--no-default-features", "--features", feature];
        steps.cargo(&format!("check, {feature} alone"), &alone, &[]);
    }
    let doc = ["doc", "--workspace", "--no-deps", "--all-features"];
    steps.cargo("documentation", &doc, &[("RUSTDOCFLAGS", "-D warnings")]);
    test::embedded(steps);
    test::on_servers(steps);
}
