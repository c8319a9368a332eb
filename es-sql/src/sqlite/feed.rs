//! The store's own change feed: its rows, in the order of their positions.

use std::{sync::Arc, time::Duration};

use es_core::{
    feed::{ChangeFeed, FeedError, FeedEvent, FeedPayload, FeedRecord, Offset, Partition, Subscription},
    store::{Commit, StreamId},
};
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row, SqlSafeStr, SqlStr, SqlitePool, sqlite::SqliteRow};
use tokio::sync::watch;

use super::{
    recent::Recent,
    store::{COLUMNS, stored_commit},
};

const PARTITION: &str = "commits";
/// The most positions that one query looks at.
const BATCH: i64 = 1000;
/// A batch ends after this many bytes.
const BATCH_BYTES: usize = 4 << 20;
/// How often other processes' commits are looked for. This process's own wake the subscription at once.
const POLL: Duration = Duration::from_millis(50);

/// The commits of a [`SqliteEventStore`](super::SqliteEventStore), as a change feed of one partition whose
/// offsets are positions in the file. Also shows commits that other processes made, within about 50 ms.
///
/// Every subscription sees all commits of its categories, whatever its listener's name.
#[derive(Clone, Debug)]
pub struct SqliteFeed {
    pool: SqlitePool,
    committed: watch::Receiver<u64>,
    recent: Arc<Recent>,
}

impl SqliteFeed {
    pub(crate) fn new(pool: SqlitePool, committed: watch::Receiver<u64>, recent: Arc<Recent>) -> Self {
        Self { pool, committed, recent }
    }
}

impl ChangeFeed for SqliteFeed {
    type Subscription = SqliteSubscription;

    async fn subscribe(&self, _: &str, categories: &[&'static str]) -> Result<SqliteSubscription, FeedError> {
        // The categories are parameters 3 and on.
        let list = (3..categories.len() + 3).map(|n| format!("?{n}")).collect::<Vec<_>>().join(",");
        let columns = COLUMNS.split(", ").map(|c| format!("c.{c}")).collect::<Vec<_>>().join(", ");
        // One statement sees one state of the file: all positions up to `top` are there, or never will be. The
        // `+` keeps SQLite from reading the whole category in the index of streams, instead of these positions.
        let sql = format!(
            "SELECT t.top, c.position, c.category, c.aggregate_id, {columns}
             FROM (SELECT coalesce(max(position), 0) AS top FROM es_commits) t
             LEFT JOIN es_commits c ON c.position > ?1 AND c.position <= ?2 AND +c.category IN ({list})
             ORDER BY c.position"
        );
        Ok(SqliteSubscription {
            sql: AssertSqlSafe(sql).into_sql_str(),
            pool: self.pool.clone(),
            committed: self.committed.clone(),
            recent: self.recent.clone(),
            categories: categories.to_vec(),
            partition: PARTITION.into(),
            assigned: false,
            after: 0,
        })
    }

    fn is_complete(&self) -> bool {
        true
    }
}

/// One listener's place in a [`SqliteFeed`].
#[derive(Debug)]
pub struct SqliteSubscription {
    sql: SqlStr,
    pool: SqlitePool,
    committed: watch::Receiver<u64>,
    recent: Arc<Recent>,
    categories: Vec<&'static str>,
    partition: Partition,
    assigned: bool,
    after: i64,
}

impl Subscription for SqliteSubscription {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        if !self.assigned {
            self.assigned = true;
            return Ok(FeedEvent::Assigned(vec![self.partition.clone()]));
        }
        loop {
            // Seen before the query: a commit after it wakes the wait below.
            self.committed.mark_unchanged();
            if let Some(commits) = self.recent.after(self.after, BATCH as usize) {
                return Ok(FeedEvent::Records(self.remembered(commits)));
            }
            let (records, after) = self.batch().await.map_err(|e| FeedError::Unavailable(Box::new(e)))?;
            // Nothing waits from here on, so a dropped call has lost nothing.
            if !records.is_empty() {
                self.after = after;
                return Ok(FeedEvent::Records(records));
            }
            match tokio::time::timeout(POLL, self.committed.changed()).await {
                Ok(Ok(())) | Err(_) => {}
                // The store is gone; other processes may still write.
                Ok(Err(_)) => tokio::time::sleep(POLL).await,
            }
        }
    }

    async fn seek(&mut self, partition: &Partition, after: Option<i64>) -> Result<(), FeedError> {
        let after = after.unwrap_or(0);
        let top = sqlx::query("SELECT coalesce(max(position), 0) FROM es_commits").fetch_one(&self.pool);
        let top = top.await.and_then(|row| row.try_get::<i64, _>(0));
        if after > top.map_err(|e| FeedError::Unavailable(Box::new(e)))? {
            // A backup was restored, and the views are from after it.
            return Err(FeedError::OffsetOutOfRange { partition: partition.clone(), offset: after });
        }
        self.after = after;
        Ok(())
    }

    async fn saved(&mut self, _: &[Offset]) {}
}

impl SqliteSubscription {
    /// Commits that this process has just written, from the next position on.
    fn remembered(&mut self, commits: Vec<Arc<Commit>>) -> Vec<FeedRecord> {
        let mut records = Vec::with_capacity(commits.len());
        let last = self.after + commits.len() as i64;
        for (offset, commit) in (self.after + 1..).zip(commits) {
            let ours = self.categories.iter().any(|category| *category == commit.stream.category);
            if ours || offset == last {
                let payload = if ours { FeedPayload::Commit(commit) } else { FeedPayload::Other };
                records.push(FeedRecord { partition: self.partition.clone(), offset, payload });
            }
        }
        self.after = last;
        records
    }

    /// The next records, and the position they reach; empty at the end.
    async fn batch(&self) -> Result<(Vec<FeedRecord>, i64), sqlx::Error> {
        let until = self.after.saturating_add(BATCH);
        let mut query = sqlx::query(self.sql.clone()).bind(self.after).bind(until);
        for category in &self.categories {
            query = query.bind(*category);
        }
        let mut rows = query.fetch(&self.pool);
        let (mut records, mut top, mut bytes) = (Vec::new(), 0, 0);
        while let Some(row) = rows.try_next().await? {
            top = row.try_get(0)?;
            let Some(offset) = row.try_get(1)? else { break };
            let payload = self.payload(&row)?;
            if let FeedPayload::Commit(commit) = &payload {
                bytes += commit.size();
            }
            records.push(FeedRecord { partition: self.partition.clone(), offset, payload });
            if bytes >= BATCH_BYTES {
                return Ok((records, offset));
            }
        }
        let reached = until.min(top);
        let last = records.last().map_or(self.after, |r| r.offset);
        if reached > last {
            // The positions after it are other categories', or nobody's.
            records.push(FeedRecord {
                partition: self.partition.clone(),
                offset: reached,
                payload: FeedPayload::Other,
            });
        }
        Ok((records, reached.max(last)))
    }

    fn payload(&self, row: &SqliteRow) -> Result<FeedPayload, sqlx::Error> {
        let category: &str = row.try_get(2)?;
        let id: &str = row.try_get(3)?;
        let category = match self.categories.iter().find(|c| **c == category) {
            Some(category) => (*category).into(),
            None => category.to_owned().into(),
        };
        let stream = StreamId { category, id: id.into() };
        Ok(match stored_commit(row, 4, stream.clone()) {
            Ok(commit) => FeedPayload::Commit(Arc::new(commit)),
            // Not a hint: the store could not read it either.
            Err((sequence, reason)) => FeedPayload::Malformed {
                bytes: format!("{stream} at sequence {sequence}").into_bytes(),
                reason,
            },
        })
    }
}
