//! A table for the terminal.

use crate::{
    cases::Unit,
    rounds::{CaseResult, SectionResult},
};

const COLUMNS: usize = 5;

/// All sections, one below the other.
pub(crate) fn table(sections: &[SectionResult]) -> String {
    let mut rows = Vec::new();
    for section in sections {
        rows.push(Row::Title(section.title));
        let unit = match section.unit {
            Unit::Nanoseconds => "ns a command (min..max)",
            Unit::PerSecond => "commands a second (min..max)",
        };
        rows.push(Row::Cells(["", unit, "time, ratio", "allocations", "bytes"].map(str::to_owned), ""));
        rows.extend(
            section.cases.iter().map(|case| Row::Cells(cells(case, section.unit, true), case.remark)),
        );
    }
    let width =
        |at: usize| rows.iter().filter_map(|row| Some(row.cells()?[at].chars().count())).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    rows.iter().map(|row| row.line(&widths)).collect()
}

enum Row {
    Title(&'static str),
    Cells([String; COLUMNS], &'static str),
}

impl Row {
    fn cells(&self) -> Option<&[String; COLUMNS]> {
        match self {
            Self::Title(_) => None,
            Self::Cells(cells, _) => Some(cells),
        }
    }

    fn line(&self, widths: &[usize; COLUMNS]) -> String {
        match self {
            Self::Title(title) => format!("\n{title}\n"),
            Self::Cells(cells, remark) => {
                let mut line = format!("  {:<1$}", cells[0], widths[0]);
                for (cell, width) in cells.iter().zip(widths).skip(1) {
                    line += &format!("  {cell:>width$}");
                }
                if !remark.is_empty() {
                    line += &format!("  {remark}");
                }
                line.trim_end().to_owned() + "\n"
            }
        }
    }
}

/// A case's cells. `with_memory` adds it to the label, where there is no column for it.
pub(super) fn cells(case: &CaseResult, unit: Unit, with_memory: bool) -> [String; COLUMNS] {
    let time = &case.ns_per_command;
    let spread = match unit {
        Unit::Nanoseconds => {
            format!("{} ({}..{})", thousands(time.median), thousands(time.min), thousands(time.max))
        }
        Unit::PerSecond => {
            let rate = |ns: f64| thousands(1e9 / ns);
            format!("{} ({}..{})", rate(time.median), rate(time.max), rate(time.min))
        }
    };
    let ratio = if case.base == case.key { "1".to_owned() } else { format!("{:.2}", case.ratio.median) };
    let mut label = case.label.clone();
    if let Some(commands) = case.commands_per_commit {
        label += &format!(": {commands:.0} commands a commit");
    }
    if let Some(bytes) = case.wire_bytes {
        label += &format!(" ({bytes:.0} bytes on the wire)");
    }
    if let Some(memory) = case.memory.filter(|_| with_memory) {
        label += &format!(" ({})", memory.text());
    }
    let counted = |number: Option<f64>, text: fn(f64) -> String| number.map_or(String::new(), text);
    let allocations = counted(case.allocations, |number| format!("{number:.1}"));
    [label, spread, ratio, allocations, counted(case.bytes, thousands)]
}

/// A whole number with a comma at each third digit.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        let written = [0.4, 999.0, 1000.0, 1_234_567.8].map(thousands);
        assert_eq!(written, ["0", "999", "1,000", "1,234,568"]);
    }

    #[test]
    fn columns_are_aligned() {
        let cells = |first: &str, second: &str| {
            Row::Cells([first, second, "1", "2", "3"].map(str::to_owned), "remark")
        };
        let widths = [4, 6, 1, 1, 1];
        assert_eq!(cells("a", "1").line(&widths), "  a          1  1  2  3  remark\n");
        assert_eq!(cells("abcd", "123456").line(&widths), "  abcd  123456  1  2  3  remark\n");
    }
}
