//! What people read, and what programs read.

pub(crate) mod aims;
mod chart;
mod markdown;
#[cfg(test)]
pub(crate) mod sample;
mod table;

pub(crate) use chart::chart;
pub(crate) use markdown::{page, summary};
pub(crate) use table::{table, thousands};

use serde::Serialize;
use std::collections::BTreeMap;

use crate::{
    Error,
    latency::Leg,
    machine::{self, Machine},
    options::Options,
    rounds::SectionResult,
};
use aims::Shortfall;

#[derive(Serialize)]
struct Document<'a> {
    benchmark: &'a str,
    /// Numbers of a quick run are not for quoting.
    quick: bool,
    rounds: usize,
    machine: Machine,
    versions: BTreeMap<&'static str, String>,
    sections: &'a [SectionResult],
}

/// One JSON document with all there is to know of a run.
pub(crate) fn json(benchmark: &str, options: &Options, sections: &[SectionResult]) -> Result<String, Error> {
    let (machine, versions) = (Machine::this(), machine::versions());
    let (quick, rounds) = (options.quick, options.rounds());
    Ok(serde_json::to_string_pretty(&Document { benchmark, quick, rounds, machine, versions, sections })?)
}

/// All benchmarks together.
#[derive(Serialize)]
pub(crate) struct Full<'a> {
    /// Numbers of a quick run are not for quoting.
    pub(crate) quick: bool,
    pub(crate) unoptimized: bool,
    pub(crate) rounds: usize,
    pub(crate) machine: Machine,
    pub(crate) load_before: Option<[f64; 3]>,
    pub(crate) load_after: Option<[f64; 3]>,
    pub(crate) seconds: f64,
    pub(crate) versions: BTreeMap<&'static str, String>,
    /// What the servers say that they are.
    pub(crate) servers: &'a BTreeMap<&'static str, String>,
    /// What was not measured, and why.
    pub(crate) left_out: &'a [String],
    pub(crate) sections: &'a [SectionResult],
    #[serde(rename = "latencies_ms")]
    pub(crate) legs: &'a [Leg],
    pub(crate) short: &'a [Shortfall],
    /// Aims that no case of this run was for.
    pub(crate) untested: Vec<&'static str>,
}
