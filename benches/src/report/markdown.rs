//! The whole report as a page.

use std::fmt::Write;

use super::{Full, aims::Shortfall, table::thousands};
use crate::{
    cases::Unit,
    latency::Leg,
    rounds::{CaseResult, SectionResult},
};

pub(crate) fn page(full: &Full<'_>) -> String {
    let mut page = String::from("# Benchmarks of event-sourcing-rs\n\n");
    if full.quick {
        page.push_str(
            "**A quick run: it shows that everything works. Its numbers are not for quoting.**\n\n",
        );
    }
    if full.unoptimized {
        page.push_str("**Built without optimization: no number of it means anything.**\n\n");
    }
    page.push_str("Times and rates are medians of the rounds, with the least and the most. In each round every case of a table runs once, there and back in turns, so that what disturbs the machine disturbs all of them; ratios are taken within each round. A ratio is of times: above 1 takes longer than what it is compared with. Every case checks its result after the clock has stopped.\n\n");
    page.push_str("![Throughput of every case](report.svg)\n\n");
    short(&mut page, full.short, &full.untested);
    machine(&mut page, full);
    for section in full.sections {
        table(&mut page, section);
    }
    legs(&mut page, full.legs);
    page
}

/// A `String` takes everything.
fn put(page: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(page, "{line}");
}

fn short(page: &mut String, short: &[Shortfall], untested: &[&str]) {
    page.push_str("## Short of an aim or of a peer\n\n");
    for Shortfall { key, what, reason } in short {
        put(page, format_args!("- `{key}`: {what}. Why: {reason}."));
    }
    if short.is_empty() {
        page.push_str("None of what was measured.\n");
    }
    if !untested.is_empty() {
        put(page, format_args!("\nAims that this run did not measure: {}.", untested.join(", ")));
    }
    page.push('\n');
}

fn machine(page: &mut String, full: &Full<'_>) {
    page.push_str("## Machine, versions and load\n\n| what | |\n|---|---|\n");
    for (name, value) in full.machine.rows() {
        put(page, format_args!("| {name} | {} |", cell(&value)));
    }
    let load = |load: Option<[f64; 3]>| match load {
        Some([one, five, fifteen]) => format!("{one:.2}, {five:.2}, {fifteen:.2}"),
        None => "unknown".to_owned(),
    };
    put(page, format_args!("| load average before (1, 5, 15 minutes) | {} |", load(full.load_before)));
    put(page, format_args!("| load average after | {} |", load(full.load_after)));
    put(page, format_args!("| took | {:.0} s |", full.seconds));
    for (name, version) in full.versions.iter().chain(full.servers) {
        put(page, format_args!("| {name} | {} |", cell(version)));
    }
    for part in full.left_out {
        put(page, format_args!("| **left out** | {} |", cell(part)));
    }
    page.push('\n');
}

fn table(page: &mut String, section: &SectionResult) {
    let unit = match section.unit {
        Unit::Nanoseconds => "ns each (min..max)",
        Unit::PerSecond => "a second (min..max)",
    };
    put(page, format_args!("## {}\n", section.title));
    put(page, format_args!("| case | {unit} | time, ratio | allocations | bytes | memory | |"));
    page.push_str("|---|--:|--:|--:|--:|---|---|\n");
    for case in &section.cases {
        put(page, format_args!("| {} |", row(case, section.unit).join(" | ")));
    }
    page.push('\n');
}

fn row(case: &CaseResult, unit: Unit) -> [String; 7] {
    let [label, spread, ratio, allocations, bytes] = super::table::cells(case, unit, false);
    let memory = case.memory.map_or(String::new(), |memory| memory.text());
    [cell(&label), spread, ratio, allocations, bytes, memory, cell(case.remark)]
}

fn legs(page: &mut String, legs: &[Leg]) {
    if legs.is_empty() {
        return;
    }
    page.push_str("## One commit, from the store into a view\n\n| leg | p50 ms | p99 ms | max ms |\n|---|--:|--:|--:|\n");
    for Leg { name, p50, p99, max, .. } in legs {
        put(page, format_args!("| {name} | {p50:.1} | {p99:.1} | {max:.1} |"));
    }
}

/// Text that stays in its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// For a line on the terminal.
pub(crate) fn summary(full: &Full<'_>) -> String {
    let cases: usize = full.sections.iter().map(|section| section.cases.len()).sum();
    format!(
        "{} cases in {} s; short of an aim or of a peer: {}; left out: {}",
        thousands(cases as f64),
        thousands(full.seconds),
        full.short.len(),
        full.left_out.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        machine::Machine,
        report::{
            aims,
            sample::{case, leg, section},
        },
    };

    #[test]
    fn the_page_has_it_all() {
        let sections =
            [section(vec![case("floor", "floor", 1.0), case("cassandra/execute/1", "floor", 2.0)])];
        let legs = [leg("one leg", 3.0)];
        let left_out = ["Kafka: it does not answer".to_owned()];
        let versions = [("rustc", "rustc 1".to_owned())].into();
        let servers = [("PostgreSQL", "17".to_owned())].into();
        let short = aims::shortfalls(&sections, &legs);
        let full = Full {
            quick: true,
            unoptimized: true,
            rounds: 1,
            machine: Machine::this(),
            load_before: Some([0.5, 1.0, 2.0]),
            load_after: None,
            seconds: 12.3,
            versions,
            servers: &servers,
            left_out: &left_out,
            sections: &sections,
            legs: &legs,
            short: &short,
            untested: aims::untested(&sections, &legs),
        };
        let page = page(&full);
        let [short] = &short[..] else { panic!("{short:?}") };
        let short_line = format!(
            "- `cassandra/execute/1`: cassandra/execute/1: 0.50 of the throughput of `floor`; the aim is 0.95. Why: {}.\n",
            short.reason
        );
        for text in [
            "not for quoting",
            "Built without optimization",
            &short_line,
            "did not measure: cassandra/execute/20, ",
            "| load average before (1, 5, 15 minutes) | 0.50, 1.00, 2.00 |",
            "| load average after | unknown |",
            "| rustc | rustc 1 |\n| PostgreSQL | 17 |\n| **left out** | Kafka: it does not answer |",
            "| cassandra/execute/1 | 1,000 (1,000..1,000) | 2.00 | 1.0 | 2 |  |  |",
            "| one leg | 3.0 | 3.0 | 3.0 |",
        ] {
            assert!(page.contains(text), "{text}\n---\n{page}");
        }
        assert_eq!(summary(&full), "2 cases in 12 s; short of an aim or of a peer: 1; left out: 1");
    }

    #[test]
    fn nothing_short_is_said_too() {
        let mut page = String::new();
        short(&mut page, &[], &[]);
        assert_eq!(page, "## Short of an aim or of a peer\n\nNone of what was measured.\n\n");
    }
}
