//! What has to be green before a change goes in.

use crate::{run::Steps, test, tidy};

/// The quick answers first, the tests last.
pub(crate) fn steps(steps: &mut Steps) {
    steps.cargo("format", &["fmt", "--all", "--check"], &[]);
    tidy::step(steps);
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    steps.cargo("clippy", &clippy, &[]);
    let doc = ["doc", "--workspace", "--no-deps", "--all-features"];
    steps.cargo("documentation", &doc, &[("RUSTDOCFLAGS", "-D warnings")]);
    test::embedded(steps);
    test::on_servers(steps);
}
