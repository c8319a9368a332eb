//! What each setting means for the promises of this framework.

use std::collections::BTreeMap;

use super::{Finding, Severity, nodes::Settings};

/// Whether a node captures changes at all.
pub(super) const CDC: &str = "cdc_enabled";

type Judge = fn(&str, &Settings) -> (Severity, String);

/// Those that matter, and who judges their value. What a node has no name for is said as such.
const JUDGES: &[(&str, Judge)] = &[
    ("commitlog_sync", commitlog_sync),
    ("paxos_variant", paxos_variant),
    ("paxos_state_purging", paxos_state_purging),
    (CDC, cdc_enabled),
    ("cdc_block_writes", cdc_block_writes),
    ("cdc_on_repair_enabled", cdc_on_repair_enabled),
];

/// One finding for each setting, over all nodes that answered; none, if none did.
pub(super) fn findings(nodes: &BTreeMap<String, Settings>) -> Vec<Finding> {
    if nodes.is_empty() {
        return Vec::new();
    }
    JUDGES.iter().map(|(setting, judge)| finding(setting, *judge, nodes)).collect()
}

fn finding(setting: &'static str, judge: Judge, nodes: &BTreeMap<String, Settings>) -> Finding {
    let mut values: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    let mut worst: Option<(Severity, String)> = None;
    for (node, settings) in nodes {
        let value = settings.get(setting).cloned().flatten();
        if let Some(value) = &value {
            let judged = judge(value, settings);
            if worst.as_ref().is_none_or(|(severity, _)| judged.0 > *severity) {
                worst = Some(judged);
            }
        }
        values.entry(value).or_default().push(node.clone());
    }
    let (mut severity, mut meaning) =
        worst.unwrap_or_else(|| (Severity::Fine, "no node shows it, so its default holds".to_owned()));
    if values.len() > 1 {
        severity = Severity::Warning;
        meaning.push_str("; the nodes disagree, and each keeps only what its own setting promises");
    }
    Finding { setting, values, severity, meaning }
}

fn fine(meaning: &str) -> (Severity, String) {
    (Severity::Fine, meaning.to_owned())
}

fn warning(meaning: &str) -> (Severity, String) {
    (Severity::Warning, meaning.to_owned())
}

fn commitlog_sync(value: &str, settings: &Settings) -> (Severity, String) {
    if value != "periodic" {
        return fine("what is acknowledged is on the disk: neither a crash nor a power cut loses any of it");
    }
    // The second name is that of before 4.1.
    let period = ["commitlog_sync_period", "commitlog_sync_period_in_ms"].into_iter();
    let period = period.filter_map(|name| settings.get(name).cloned().flatten()).next();
    let period = period.map_or_else(String::new, |period| format!(" ({period})"));
    (
        Severity::Warning,
        format!(
            "a node that loses power forgets what it stored and promised since its last sync{period}, and one whose \
             process is killed that of its last moments: where the only replica, or a majority of them, does so, \
             acknowledged commits are lost, and two writers may both win. With one replica, or where power can fail on \
             several nodes at once, set `commitlog_sync: batch` or `group` on all of them"
        ),
    )
}

fn paxos_variant(value: &str, _: &Settings) -> (Severity, String) {
    match value {
        "v2" => fine("lightweight transactions as they should be"),
        "v1" => warning(
            "writers of one aggregate get into each other's way more often than with v2: set `paxos_variant: v2` on \
             all nodes",
        ),
        _ => warning(
            "serial reads do not see every write that was decided, so the outcome of a write that timed out may be \
             reported wrongly: set `paxos_variant: v2` on all nodes",
        ),
    }
}

fn paxos_state_purging(value: &str, _: &Settings) -> (Severity, String) {
    match value {
        "repaired" => {
            fine("votes are kept until a repair has seen them: run `nodetool repair --paxos-only` regularly")
        }
        _ => fine(
            "votes are forgotten after the table's gc_grace_seconds: a node that was down for longer must not come \
             back with its old data",
        ),
    }
}

fn cdc_enabled(value: &str, _: &Settings) -> (Severity, String) {
    match value {
        "true" => fine("changes are captured"),
        _ => warning("changes are not captured: no listener sees what is stored on such a node alone"),
    }
}

fn cdc_block_writes(value: &str, _: &Settings) -> (Severity, String) {
    match value {
        "true" => fine(
            "when nobody takes the captured changes away and their space is full, writes fail as timeouts: watch \
             the connector",
        ),
        _ => warning(
            "when nobody takes the captured changes away and their space is full, changes are dropped without a \
             word, and views stay behind until they are compared with the store: set `cdc_block_writes: true`",
        ),
    }
}

fn cdc_on_repair_enabled(value: &str, _: &Settings) -> (Severity, String) {
    match value {
        "true" => fine(
            "rows that come by a repair are captured again: listeners see them as duplicates and drop them",
        ),
        _ => fine("rows that a node gets only by a repair are captured by the other replicas alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(settings: &[(&str, &str)]) -> Settings {
        settings.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect()
    }

    fn judged(nodes: &[&[(&str, &str)]], setting: &str) -> Finding {
        let nodes = nodes.iter().enumerate().map(|(n, settings)| (format!("node{n}"), node(settings)));
        let found = findings(&nodes.collect());
        found.into_iter().find(|finding| finding.setting == setting).unwrap()
    }

    #[test]
    fn periodic_syncs_are_warned_of_with_their_period() {
        let periodic =
            judged(&[&[("commitlog_sync", "periodic"), ("commitlog_sync_period", "10s")]], "commitlog_sync");
        assert_eq!(periodic.severity, Severity::Warning);
        let text = periodic.to_string();
        assert!(text.contains("(10s)") && text.contains("power") && text.contains("batch"), "{text}");
        for good in ["batch", "group"] {
            assert_eq!(
                judged(&[&[("commitlog_sync", good)]], "commitlog_sync").severity,
                Severity::Fine,
                "{good}"
            );
        }
    }

    #[test]
    fn nodes_that_disagree_are_named() {
        let found =
            judged(&[&[("commitlog_sync", "batch")], &[("commitlog_sync", "group")]], "commitlog_sync");
        assert!(!found.is_agreed() && found.severity == Severity::Warning);
        let text = found.to_string();
        assert!(text.contains("batch on node0") && text.contains("group on node1"), "{text}");
    }

    #[test]
    fn a_setting_that_a_version_does_not_have_is_said_to_be_missing() {
        let nowhere = judged(&[&[]], "cdc_on_repair_enabled");
        assert_eq!(nowhere.severity, Severity::Fine);
        assert!(nowhere.to_string().contains("no such setting"), "{nowhere}");
        let here = judged(&[&[], &[("cdc_on_repair_enabled", "true")]], "cdc_on_repair_enabled");
        assert!(here.to_string().contains("(no such setting) on node0"), "{here}");
    }

    #[test]
    fn what_weakens_a_promise_is_a_warning() {
        for (setting, value) in [
            ("paxos_variant", "v1"),
            ("paxos_variant", "v2_without_linearizable_reads_or_rejected_writes"),
            ("cdc_enabled", "false"),
            ("cdc_block_writes", "false"),
        ] {
            assert_eq!(
                judged(&[&[(setting, value)]], setting).severity,
                Severity::Warning,
                "{setting}: {value}"
            );
        }
        for (setting, value) in
            [("paxos_variant", "v2"), ("cdc_enabled", "true"), ("cdc_block_writes", "true")]
        {
            assert_eq!(
                judged(&[&[(setting, value)]], setting).severity,
                Severity::Fine,
                "{setting}: {value}"
            );
        }
    }
}
