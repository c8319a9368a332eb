//! The names of the metrics, and what they mean. docs/operations.md says the same to people.

use metrics::Unit;

pub(crate) const COMMITS: &str = "es_commits_total";
pub(crate) const COMMANDS: &str = "es_commands_committed_total";
pub(crate) const CONFLICTS: &str = "es_conflicts_total";
pub(crate) const RETRIES: &str = "es_retries_total";
pub(crate) const LOADS: &str = "es_loads_total";

pub(crate) const APPLIED: &str = "es_listener_applied_total";
pub(crate) const DUPLICATES: &str = "es_listener_duplicates_total";
pub(crate) const HELD: &str = "es_listener_held_total";
pub(crate) const FETCHED: &str = "es_listener_fetched_total";
pub(crate) const LISTENER_RETRIES: &str = "es_listener_retries_total";
pub(crate) const PARKED: &str = "es_listener_parked_total";
pub(crate) const FOREIGN: &str = "es_listener_foreign_total";
pub(crate) const MALFORMED: &str = "es_listener_malformed_total";
pub(crate) const BEHIND: &str = "es_listener_behind_total";
pub(crate) const DIVERGED: &str = "es_listener_diverged_total";

/// A gauge.
pub(crate) const UNAPPLIED: &str = "es_listener_unapplied";
/// A gauge.
pub(crate) const LAG: &str = "es_listener_lag_seconds";
/// A histogram.
pub(crate) const COMMIT_AGE: &str = "es_listener_commit_age_seconds";

const COUNTERS: &[(&str, &str)] = &[
    (COMMITS, "Commits appended by this process"),
    (COMMANDS, "Commands in these commits"),
    (CONFLICTS, "Appends refused because another writer was first"),
    (RETRIES, "Commands decided again after a conflict"),
    (LOADS, "Aggregates loaded from the event store"),
    (APPLIED, "Commits that went into the view"),
    (DUPLICATES, "Records of commits that were in the view already"),
    (HELD, "Records that came before what they follow"),
    (FETCHED, "Commits read from the event store because the feed did not bring them in time"),
    (LISTENER_RETRIES, "Failures of an event that is tried again"),
    (PARKED, "How many times an aggregate was set aside"),
    (FOREIGN, "Records that contradict the event store and were dropped"),
    (MALFORMED, "Records that no decoder understands"),
    (BEHIND, "Aggregates that verification found behind the event store"),
    (DIVERGED, "Aggregates whose view shows what the event store does not hold"),
];

/// Tells the recorder of this process, if it has one, what the metrics mean.
pub(crate) fn describe() {
    for (name, meaning) in COUNTERS {
        metrics::describe_counter!(*name, Unit::Count, *meaning);
    }
    metrics::describe_gauge!(
        UNAPPLIED,
        Unit::Count,
        "Commits in the listener's hands that are not in the view"
    );
    metrics::describe_gauge!(LAG, Unit::Seconds, "Age of the oldest of these commits");
    metrics::describe_histogram!(COMMIT_AGE, Unit::Seconds, "Age of a commit when it is in the view");
}
