use tracing::{Level, Span};

use crate::repository::Batch;

/// A span for each command of `batch` whose sender gave a trace context, so that a trace goes on from the command to
/// the view. Its fields tell a subscriber which trace it belongs to, and which span it comes after.
pub(super) fn spans(projection: &'static str, batch: &Batch) -> Vec<Span> {
    let mut spans = Vec::new();
    // Metadata is decoded only where somebody looks.
    if !tracing::enabled!(Level::INFO) {
        return spans;
    }
    for commit in batch.moves.iter().flat_map(|m| &m.commits) {
        // What cannot be read is reported where it is folded.
        for command in commit.commands().unwrap_or_default() {
            if let Some(traceparent) = command.metadata.trace_parent() {
                spans.push(tracing::info_span!(
                    parent: None, "es.project", projection, stream = %commit.stream, sequence = commit.sequence,
                    command = %command.id, %traceparent
                ));
            }
        }
    }
    spans
}
