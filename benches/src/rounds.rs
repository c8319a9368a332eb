//! Runs the cases in turns.

use serde::Serialize;

use crate::{
    Error,
    cases::{Case, Scale, Section, Unit},
    meter::{Meter, Sample},
    process::Memory,
};

/// A section's results.
#[derive(Debug, Serialize)]
pub(crate) struct SectionResult {
    pub(crate) title: &'static str,
    #[serde(skip)]
    pub(crate) unit: Unit,
    pub(crate) cases: Vec<CaseResult>,
}

/// A case's results.
#[derive(Debug, Serialize)]
pub(crate) struct CaseResult {
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) remark: &'static str,
    /// In each round.
    pub(crate) commands: u64,
    pub(crate) ns_per_command: Spread,
    /// The case that the ratio is to.
    pub(crate) base: String,
    /// Of the times, taken within each round.
    pub(crate) ratio: Spread,
    /// A command's, where they are counted.
    pub(crate) allocations: Option<f64>,
    /// A command's, where they are counted.
    pub(crate) bytes: Option<f64>,
    pub(crate) commands_per_commit: Option<f64>,
    /// Between this process and the server, both ways, for a command.
    pub(crate) wire_bytes: Option<f64>,
    /// Of a case that has a process of its own, when its clock stopped.
    pub(crate) memory: Option<Memory>,
}

/// All rounds' numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    rounds: Vec<f64>,
}

impl Spread {
    pub(crate) fn of(rounds: Vec<f64>) -> Self {
        let mut sorted = rounds.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |n: usize| sorted.get(n).copied().unwrap_or(f64::NAN);
        let (below, above) = (at(sorted.len().saturating_sub(1) / 2), at(sorted.len() / 2));
        let median = (below + above) / 2.0;
        Self { median, min: at(0), max: at(sorted.len().saturating_sub(1)), rounds }
    }
}

/// Runs every case of `sections` once in each round, after a pass that counts allocations and warms up.
pub(crate) fn run(sections: &[Section], scale: &Scale, rounds: usize) -> Result<Vec<SectionResult>, Error> {
    let mut cases: Vec<(&Case, Sample, Vec<f64>)> = Vec::new();
    eprintln!("counting allocations");
    for case in sections.iter().flat_map(|section| &section.cases) {
        cases.push((case, measure(case, scale, Meter::Allocations)?, Vec::with_capacity(rounds)));
    }
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        // There and back, so that no case always runs behind the same neighbour.
        let mut turns: Vec<_> = cases.iter_mut().collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for (case, _, times) in turns {
            times.push(measure(case, scale, Meter::Time)?.ns_per_command());
        }
    }
    let mut results = Vec::new();
    for section in sections {
        let of_section = |case: &&Case| section.cases.iter().any(|c| c.key == case.key);
        let results_of = |(case, counted, times): &(&Case, Sample, Vec<f64>)| {
            let base = cases.iter().find(|(c, ..)| c.key == case.base);
            let (_, _, base) = base.ok_or_else(|| format!("{}: no case `{}`", case.key, case.base))?;
            Ok::<_, Error>(result(case, counted, times, base))
        };
        let found = cases.iter().filter(|(case, ..)| of_section(case)).map(results_of);
        results.push(SectionResult {
            title: section.title,
            unit: section.unit,
            cases: found.collect::<Result<_, _>>()?,
        });
    }
    Ok(results)
}

fn measure(case: &Case, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    (case.run)(scale, meter).map_err(|error| format!("{}: {error}", case.key).into())
}

fn result(case: &Case, counted: &Sample, times: &[f64], base: &[f64]) -> CaseResult {
    let commands = counted.commands as f64;
    // No command goes without one; a program that is not ours does not count them.
    let allocations = Some(counted.allocations).filter(|allocations| allocations.count > 0);
    CaseResult {
        key: case.key.clone(),
        label: case.label.clone(),
        remark: case.remark,
        commands: counted.commands,
        ns_per_command: Spread::of(times.to_vec()),
        base: case.base.clone(),
        ratio: Spread::of(times.iter().zip(base).map(|(time, base)| time / base).collect()),
        allocations: allocations.map(|allocations| allocations.count as f64 / commands),
        bytes: allocations.map(|allocations| allocations.bytes as f64 / commands),
        commands_per_commit: counted.commits.map(|commits| commands / commits as f64),
        wire_bytes: counted.wire.map(|bytes| bytes as f64 / commands),
        memory: counted.memory,
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn medians() {
        let odd = Spread::of(vec![5.0, 1.0, 3.0]);
        assert_eq!((odd.min, odd.median, odd.max), (1.0, 3.0, 5.0));
        assert_eq!(odd.rounds, [5.0, 1.0, 3.0], "in the order they ran");
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 8.0]).median, 3.0);
    }
}
