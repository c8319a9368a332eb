//! What the numbers are to be, and which are not.

use serde::Serialize;

use crate::{latency::Leg, rounds::SectionResult};

/// A case's throughput, as a share of that of the case it is compared with.
struct Aim {
    key: &'static str,
    at_least: f64,
    /// Why it is missed where it is known to be missed.
    reason: &'static str,
}

const fn aim(key: &'static str, at_least: f64, reason: &'static str) -> Aim {
    Aim { key, at_least, reason }
}

/// Commands at nearly the speed of the bare driver doing the same statements, and so on; each case's own table says
/// what it is compared with.
const AIMS: &[Aim] = &[
    aim(
        "cassandra/execute/1",
        0.95,
        "a turn that waits runs in a task of its own, and nothing hides its wake-ups while one command is in flight; with 20 and 200 the aim is met",
    ),
    aim("cassandra/execute/20", 0.95, ""),
    aim("cassandra/execute/200", 0.95, ""),
    // To one bare insert after the other, which is all that one aggregate could have without shared commits.
    aim("cassandra/hot/64", 20.0, ""),
    aim("cassandra/load", 0.80, ""),
    aim("pipeline/memory", 0.70, ""),
];

/// From the reply until the view shows it, at the median, in milliseconds.
const FAST_PATH: (&str, f64) = ("acknowledged, visible: with the fast path", 10.0);

/// Peers that are quicker than we are, and why, by what their keys begin with; the first one counts.
const PEERS: &[(&str, &str)] = &[
    ("cqrs/short/mem-store", "it serializes nothing and checks no conflicts: it is for tests"),
    (
        "peers/sqlite/short/eventcore",
        "not found: both sync once a command, and where a file system has no disk ours takes less time",
    ),
    ("peers/postgres/", "not the same storage: PostgreSQL and SQLite sync their logs in different ways"),
];

/// Where the keys of peers begin.
const PEERS_KEYS: [&str; 2] = ["cqrs/", "peers/"];

const UNKNOWN: &str = "the reason is not known yet";

/// A number that falls short.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Shortfall {
    /// Of the case.
    pub(crate) key: String,
    /// For people: the number, and what it was to be.
    pub(crate) what: String,
    pub(crate) reason: &'static str,
}

/// What was measured and falls short of an aim or of a peer.
pub(crate) fn shortfalls(sections: &[SectionResult], legs: &[Leg]) -> Vec<Shortfall> {
    let mut found = Vec::new();
    for case in sections.iter().flat_map(|section| &section.cases) {
        // The ratio is of times.
        let (time, label) = (case.ratio.median, &case.label);
        if let Some(aim) = AIMS.iter().find(|aim| aim.key == case.key)
            && is_below(1.0 / time, aim.at_least)
        {
            let (share, to) = (1.0 / time, label_of(sections, &case.base));
            let what =
                format!("{label}: {share:.2} of the throughput of `{to}`; the aim is {:.2}", aim.at_least);
            found.push(Shortfall { key: case.key.clone(), what, reason: or_unknown(aim.reason) });
        }
        if is_peer(&case.key) && is_below(time, 1.0) {
            let ours = label_of(sections, &case.base);
            let what = format!("{label}: takes {time:.2} of the time of `{ours}`");
            let known = PEERS.iter().find(|(key, _)| case.key.starts_with(key));
            let reason = known.map_or(UNKNOWN, |(_, reason)| reason);
            found.push(Shortfall { key: case.key.clone(), what, reason });
        }
    }
    let (name, most) = FAST_PATH;
    if let Some(leg) = legs.iter().find(|leg| leg.name == name && is_below(most, leg.p50)) {
        let what = format!("{name}: {:.1} ms at the median; the aim is {most:.0} ms", leg.p50);
        found.push(Shortfall { key: "fast path".to_owned(), what, reason: UNKNOWN });
    }
    found
}

/// Aims that were not put to the test, for a report that leaves parts out.
pub(crate) fn untested(sections: &[SectionResult], legs: &[Leg]) -> Vec<&'static str> {
    let ran = |key: &str| sections.iter().flat_map(|section| &section.cases).any(|case| case.key == key);
    let mut missing: Vec<_> = AIMS.iter().map(|aim| aim.key).filter(|key| !ran(key)).collect();
    missing.extend(Some("fast path").filter(|_| legs.iter().all(|leg| leg.name != FAST_PATH.0)));
    missing
}

pub(crate) fn is_peer(key: &str) -> bool {
    // Ours stands among them, to be compared with.
    PEERS_KEYS.iter().any(|start| key.starts_with(start)) && !key.ends_with("/event-sourcing-rs")
}

/// As it is printed: what reads as the aim has reached it.
fn is_below(number: f64, aim: f64) -> bool {
    (number * 100.0).round() < (aim * 100.0).round()
}

fn or_unknown(reason: &'static str) -> &'static str {
    if reason.is_empty() { UNKNOWN } else { reason }
}

fn label_of<'a>(sections: &'a [SectionResult], key: &'a str) -> &'a str {
    let mut cases = sections.iter().flat_map(|section| &section.cases);
    cases.find(|case| case.key == key).map_or(key, |case| &case.label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{case, leg, section};

    #[test]
    fn only_what_falls_short_is_said() {
        let cases = vec![
            case("cassandra/insert/1", "cassandra/insert/1", 1.0),
            case("cassandra/execute/1", "cassandra/insert/1", 1.25),
            case("cassandra/execute/20", "cassandra/insert/1", 1.05),
            // A twentieth of the time is twenty times the throughput.
            case("cassandra/hot/64", "cassandra/insert/1", 0.05),
            case("peers/sqlite/short/event-sourcing-rs", "peers/sqlite/short/event-sourcing-rs", 1.0),
            case("peers/sqlite/short/evento", "peers/sqlite/short/event-sourcing-rs", 0.5),
            case("peers/sqlite/short/cqrs-es", "peers/sqlite/short/event-sourcing-rs", 3.0),
            case("cqrs/short/mem-store", "app/short", 0.9),
        ];
        let found = shortfalls(&[section(cases)], &[leg("acknowledged, visible: with the fast path", 12.0)]);
        let said: Vec<_> = found.iter().map(|s| format!("{} ({})", s.what, s.reason)).collect();
        assert_eq!(
            said,
            [
                "cassandra/execute/1: 0.80 of the throughput of `cassandra/insert/1`; the aim is 0.95 (a turn that waits runs in a task of its own, and nothing hides its wake-ups while one command is in flight; with 20 and 200 the aim is met)",
                "peers/sqlite/short/evento: takes 0.50 of the time of `peers/sqlite/short/event-sourcing-rs` (the reason is not known yet)",
                "cqrs/short/mem-store: takes 0.90 of the time of `app/short` (it serializes nothing and checks no conflicts: it is for tests)",
                "acknowledged, visible: with the fast path: 12.0 ms at the median; the aim is 10 ms (the reason is not known yet)",
            ]
        );
    }

    #[test]
    fn aims_without_a_measurement_are_named() {
        let cases = vec![case("cassandra/load", "cassandra/read", 1.0)];
        let missing = untested(&[section(cases)], &[]);
        assert!(missing.contains(&"pipeline/memory") && missing.contains(&"fast path"), "{missing:?}");
        assert!(!missing.contains(&"cassandra/load"));
    }
}
