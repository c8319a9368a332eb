//! What travels beside an event's own fields.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, sync::Arc, time::SystemTime};
use uuid::Uuid;

use super::{CommandRecord, TraceParent};
use crate::store::Commit;

/// The header's name in the W3C recommendation.
const TRACE_PARENT: &str = "traceparent";

/// What the sender of a command says about it; kept with the events that came of it.
///
/// ```
/// use es_core::event::CommandMetadata;
/// let metadata = CommandMetadata::default().correlation("order-7").header("user", "ann");
/// assert_eq!(metadata.header_value("user"), Some("ann"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandMetadata {
    /// The business transaction this command belongs to.
    pub correlation_id: Option<String>,
    /// The message that caused this command.
    pub causation_id: Option<String>,
    /// Free pairs, in the order given; a name may occur more than once.
    pub headers: Vec<(String, String)>,
}

impl CommandMetadata {
    /// Sets the correlation id.
    #[must_use]
    pub fn correlation(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// Sets the causation id.
    #[must_use]
    pub fn causation(mut self, id: impl Into<String>) -> Self {
        self.causation_id = Some(id.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the trace that the command belongs to: the header `traceparent`, of which there is one.
    #[must_use]
    pub fn trace(mut self, trace: TraceParent) -> Self {
        self.headers.retain(|(name, _)| name != TRACE_PARENT);
        self.header(TRACE_PARENT, trace.to_string())
    }

    /// The trace that the command belongs to, if its sender gave one.
    pub fn trace_parent(&self) -> Option<TraceParent> {
        self.header_value(TRACE_PARENT)?.parse().ok()
    }

    /// The first header of that name.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What a projection's handler may know about the event it gets, beside its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The aggregate's category, the part of the event's name before the dot.
    pub category: Cow<'static, str>,
    /// The aggregate's id, as text.
    pub aggregate_id: Arc<str>,
    /// The event's place in its aggregate's stream, from 1, without gaps.
    pub sequence: u64,
    /// When the commit was made, by the clock of the machine that made it; whole milliseconds.
    pub committed_at: SystemTime,
    /// The command the event came of.
    pub command_id: Uuid,
    /// What the command's sender said.
    pub command: CommandMetadata,
}

impl Metadata {
    /// Of the event `sequence` of `commit`, which came of `sender`.
    pub(crate) fn of(commit: &Commit, sequence: u64, sender: Option<&CommandRecord>) -> Self {
        Self {
            category: commit.stream.category.clone(),
            aggregate_id: commit.stream.id.clone(),
            sequence,
            committed_at: commit.committed_at,
            command_id: sender.map_or(Uuid::nil(), |c| c.id),
            command: sender.map_or_else(CommandMetadata::default, |c| c.metadata.clone()),
        }
    }

    /// Metadata for an event in a unit test: a stream `category`/`aggregate_id` at `sequence`, committed at
    /// the Unix epoch by the nil command.
    pub fn for_test(category: &str, aggregate_id: &str, sequence: u64) -> Self {
        Self {
            category: Cow::Owned(category.to_owned()),
            aggregate_id: aggregate_id.into(),
            sequence,
            committed_at: SystemTime::UNIX_EPOCH,
            command_id: Uuid::nil(),
            command: CommandMetadata::default(),
        }
    }
}
