//! The statements of one category.

use std::{sync::Arc, time::Duration};

use scylla::{
    client::session::Session,
    policies::{load_balancing::LoadBalancingPolicy, retry::FallthroughRetryPolicy},
    statement::prepared::PreparedStatement,
};

use super::page_size::PageSize;
use crate::{
    ConnectError,
    schema::{Settings, events_table, snapshots_table},
    session::LwtRouting,
};

pub(super) struct Tables {
    /// One row, if its place is free.
    pub(super) insert: PreparedStatement,
    /// The row of a place, serially: finishes what another writer has begun there.
    pub(super) place: PreparedStatement,
    /// Rows of a bucket from a sequence on, ascending.
    pub(super) page: PreparedStatement,
    /// The last row of a bucket, serially.
    pub(super) head: PreparedStatement,
    /// The last rows of all buckets whose token is after the one, up to the other.
    pub(super) heads: PreparedStatement,
    pub(super) save_snapshot: PreparedStatement,
    pub(super) load_snapshot: PreparedStatement,
    pub(super) page_size: PageSize,
    routing: LwtRouting,
}

/// What [`super::read::commit`] takes, beside the stream's.
pub(super) const COLUMNS: &str =
    "sequence, last_sequence, commit_id, parent, committed_at, codec, events, metadata";

impl Tables {
    pub(super) async fn prepare(
        session: &Session,
        keyspace: &str,
        category: &str,
        settings: &Settings,
        timeout: Duration,
    ) -> Result<Self, ConnectError> {
        let events = format!("{keyspace}.{}", events_table(category));
        let snapshots = format!("{keyspace}.{}", snapshots_table(category));
        let prepare = async |statement: String| {
            let prepared = session.prepare(statement.as_str()).await;
            let mut prepared =
                prepared.map_err(|source| ConnectError::Statement { statement, source: Box::new(source) })?;
            prepared.set_consistency(settings.quorum());
            prepared.set_request_timeout(Some(timeout));
            Ok::<_, ConnectError>(prepared)
        };
        let routing = LwtRouting::default();
        let policy: Arc<dyn LoadBalancingPolicy> = Arc::new(routing.clone());
        let mut insert = prepare(format!(
            "INSERT INTO {events} (aggregate_id, bucket, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS"
        ))
        .await?;
        insert.set_serial_consistency(Some(settings.serial()));
        insert.set_load_balancing_policy(Some(policy.clone()));
        // What became of it is for the store to find out, not for the driver to try again.
        insert.set_retry_policy(Some(Arc::new(FallthroughRetryPolicy::new())));
        let serially = async |statement| {
            let mut prepared = prepare(statement).await?;
            prepared.set_consistency(settings.serial_read());
            prepared.set_load_balancing_policy(Some(policy.clone()));
            Ok::<_, ConnectError>(prepared)
        };
        let place = serially(format!(
            "SELECT {COLUMNS} FROM {events} WHERE aggregate_id = ? AND bucket = ? AND sequence = ?"
        ))
        .await?;
        let head = serially(format!(
            "SELECT sequence, last_sequence, commit_id FROM {events} WHERE aggregate_id = ? AND bucket = ? LIMIT 1"
        ))
        .await?;
        let mut reads = [
            format!(
                "SELECT {COLUMNS} FROM {events} WHERE aggregate_id = ? AND bucket = ? AND sequence >= ? ORDER BY sequence ASC LIMIT ?"
            ),
            format!(
                "SELECT aggregate_id, bucket, sequence, last_sequence, commit_id FROM {events} WHERE token(aggregate_id, bucket) > ? AND token(aggregate_id, bucket) <= ? PER PARTITION LIMIT 1"
            ),
            format!(
                "SELECT sequence, last_sequence, commit_id, state, command_ids FROM {snapshots} WHERE aggregate_id = ? AND fingerprint = ?"
            ),
            // The newest wins, whoever writes last.
            format!(
                "INSERT INTO {snapshots} (aggregate_id, fingerprint, sequence, last_sequence, commit_id, state, command_ids) VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"
            ),
        ]
        .into_iter();
        let mut next = async || {
            let mut prepared = prepare(reads.next().unwrap_or_default()).await?;
            prepared.set_is_idempotent(true);
            Ok::<_, ConnectError>(prepared)
        };
        Ok(Self {
            insert,
            place,
            page: next().await?,
            head,
            heads: next().await?,
            load_snapshot: next().await?,
            save_snapshot: next().await?,
            page_size: PageSize::default(),
            routing,
        })
    }

    /// A lightweight transaction past the first so many nodes, with so much time.
    pub(super) fn elsewhere(
        &self,
        statement: &PreparedStatement,
        passing_over: usize,
        timeout: Duration,
    ) -> PreparedStatement {
        let mut statement = statement.clone();
        statement.set_load_balancing_policy(Some(Arc::new(self.routing.passing_over(passing_over))));
        statement.set_request_timeout(Some(timeout));
        statement
    }
}
