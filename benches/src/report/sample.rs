//! Results for tests.

use crate::{
    cases::Unit,
    latency::Leg,
    rounds::{CaseResult, SectionResult, Spread},
};

/// Labelled like its key.
pub(crate) fn case(key: &str, base: &str, ratio: f64) -> CaseResult {
    CaseResult {
        key: key.to_owned(),
        label: key.to_owned(),
        remark: "",
        commands: 1,
        ns_per_command: Spread::of(vec![1_000.0]),
        base: base.to_owned(),
        ratio: Spread::of(vec![ratio]),
        allocations: Some(1.0),
        bytes: Some(2.0),
        commands_per_commit: None,
        wire_bytes: None,
        memory: None,
    }
}

pub(crate) fn timed(case: CaseResult, ns: f64) -> CaseResult {
    CaseResult { ns_per_command: Spread::of(vec![ns]), ..case }
}

pub(crate) fn section(cases: Vec<CaseResult>) -> SectionResult {
    SectionResult { title: "A table", unit: Unit::Nanoseconds, cases }
}

pub(crate) fn leg(name: &'static str, ms: f64) -> Leg {
    Leg { name, commits: 1, p50: ms, p99: ms, max: ms }
}
