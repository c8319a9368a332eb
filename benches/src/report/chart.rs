//! A picture of the tables: plain SVG, for light and dark pages.

use std::fmt::Write;

use super::{aims, table::thousands};
use crate::rounds::{CaseResult, SectionResult};

const WIDTH: f64 = 960.0;
/// Where the bars begin and how long the longest is; the labels are before, the numbers behind them.
const LEFT: f64 = 470.0;
const LONGEST: f64 = 370.0;
const ROW: f64 = 18.0;
const TITLE: f64 = 40.0;
/// Beyond this a linear bar of the slowest could not be seen.
const LINEAR: f64 = 40.0;
/// Labels longer than this would run into their bars.
const LABEL: usize = 72;

const STYLE: &str = "<style>
text { font: 11px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 13px; font-weight: 600 }
.note { fill: #59636e }
.page { fill: #ffffff }
.ours { fill: #1f6feb } .floor { fill: #9198a1 } .peer { fill: #d4762c }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9198a1 } .page { fill: #0d1117 }
  .ours { fill: #4493f8 } .floor { fill: #6e7681 } .peer { fill: #db8a4a }
}
</style>
";

/// One bar for each case: how much it does in a second.
pub(crate) fn chart(sections: &[SectionResult]) -> String {
    let rows: usize = sections.iter().map(|section| section.cases.len()).sum();
    let height = TITLE + sections.len() as f64 * TITLE + rows as f64 * ROW + ROW;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"Throughput of every case\">\n{STYLE}<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n"
    );
    let mut legend = 12.0;
    for (class, name) in
        [("ours", "event-sourcing-rs"), ("floor", "floor: the least there is to do"), ("peer", "peer")]
    {
        put(
            &mut svg,
            format_args!(
                "<rect class=\"{class}\" x=\"{legend}\" y=\"12\" width=\"12\" height=\"12\" rx=\"2\"/><text x=\"{}\" y=\"22\">{name}</text>",
                legend + 18.0
            ),
        );
        legend += 30.0 + 7.0 * name.len() as f64;
    }
    let mut y = TITLE;
    for section in sections {
        y += TITLE;
        put(
            &mut svg,
            format_args!(
                "<text class=\"title\" x=\"12\" y=\"{}\">{}</text>",
                y - 18.0,
                escaped(section.title)
            ),
        );
        let scale = Scale::of(&section.cases);
        put(
            &mut svg,
            format_args!(
                "<text class=\"note\" x=\"12\" y=\"{}\">a second, longer is better{}</text>",
                y - 4.0,
                scale.note()
            ),
        );
        for case in &section.cases {
            bar(&mut svg, case, &scale, y);
            y += ROW;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, case: &CaseResult, scale: &Scale, y: f64) {
    let rate = rate(case);
    let class = match &*case.key {
        key if aims::is_peer(key) => "peer",
        _ if case.label.starts_with("floor") => "floor",
        _ => "ours",
    };
    let label: String = match case.label.char_indices().nth(LABEL) {
        Some((end, _)) => format!("{}…", &case.label[..end]),
        None => case.label.clone(),
    };
    let (length, base) = (scale.length(rate), y + 13.0);
    put(
        svg,
        format_args!(
            "<text x=\"{}\" y=\"{base}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            escaped(&label)
        ),
    );
    put(
        svg,
        format_args!(
            "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{}\" width=\"{length:.1}\" height=\"12\" rx=\"2\"/>",
            y + 3.0
        ),
    );
    put(
        svg,
        format_args!(
            "<text class=\"note\" x=\"{:.1}\" y=\"{base}\">{}</text>",
            LEFT + length + 6.0,
            thousands(rate)
        ),
    );
}

fn put(svg: &mut String, line: std::fmt::Arguments<'_>) {
    // A `String` takes everything.
    let _ = writeln!(svg, "{line}");
}

fn rate(case: &CaseResult) -> f64 {
    1e9 / case.ns_per_command.median
}

/// From a rate to a bar's length.
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    fn of(cases: &[CaseResult]) -> Self {
        let rates = || cases.iter().map(rate).filter(|rate| rate.is_finite());
        Self { least: rates().fold(f64::INFINITY, f64::min), most: rates().fold(0.0, f64::max) }
    }

    fn is_linear(&self) -> bool {
        self.most <= self.least * LINEAR
    }

    fn note(&self) -> &'static str {
        if self.is_linear() { "" } else { "; the scale is logarithmic" }
    }

    fn length(&self, rate: f64) -> f64 {
        let share = if self.is_linear() {
            rate / self.most
        } else {
            // A decade below the slowest, so that it has a bar too.
            let start = self.least.log10() - 1.0;
            (rate.log10() - start) / (self.most.log10() - start)
        };
        if share.is_finite() { share.clamp(0.0, 1.0) * LONGEST } else { 0.0 }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{case, section, timed};

    #[test]
    fn bars_are_as_long_as_their_rates() {
        let linear = Scale { least: 10.0, most: 100.0 };
        assert_eq!((linear.length(100.0), linear.length(50.0)), (LONGEST, LONGEST / 2.0));
        let wide = Scale { least: 1.0, most: 1e5 };
        assert!(wide.length(1.0) > 0.0 && wide.length(1e5) == LONGEST && !wide.note().is_empty());
        assert_eq!(linear.length(f64::NAN), 0.0);
    }

    #[test]
    fn every_case_has_a_bar_of_its_kind() {
        let cases = vec![
            timed(case("floor", "floor", 1.0), 1e3),
            timed(case("a < b & c", "floor", 2.0), 2e3),
            timed(case("cqrs/long", "floor", 4.0), 4e3),
        ];
        let svg = chart(&[section(cases)]);
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
        for (class, count) in [("floor", 2), ("ours", 2), ("peer", 2)] {
            // One more in the legend.
            assert_eq!(svg.matches(&format!("<rect class=\"{class}\"")).count(), count, "{svg}");
        }
        assert!(svg.contains("a &lt; b &amp; c") && svg.contains(">1,000,000</text>"), "{svg}");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
}
