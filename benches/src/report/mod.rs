//! What people read, and what programs read.

mod table;

pub(crate) use table::table;

use serde::Serialize;
use std::collections::BTreeMap;

use crate::{
    Error,
    machine::{self, Machine},
    options::Options,
    rounds::SectionResult,
};

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
