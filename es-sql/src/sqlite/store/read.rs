//! Rows to commits.

use std::sync::Arc;

use bytes::Bytes;
use es_core::{
    event::Codec,
    store::{Commit, HeadPage, Page, ReadError, StreamId, Version, from_millis},
};
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::unavailable;

/// A page ends after this many bytes.
const PAGE_BYTES: usize = 4 << 20;

/// The columns that [`stored_commit`] reads, beside the stream's.
macro_rules! columns {
    () => {
        "sequence, last_sequence, commit_id, parent, committed_at, codec, events, metadata"
    };
}
pub(crate) const COLUMNS: &str = columns!();

/// The commit in the columns of `row` from `first` on; or at which sequence what makes no sense.
pub(crate) fn stored_commit(
    row: &SqliteRow,
    first: usize,
    stream: StreamId,
) -> Result<Commit, (u64, String)> {
    let sequence: i64 = row.try_get(first).map_err(|e| (0, e.to_string()))?;
    let sequence = sequence.cast_unsigned();
    let broken = |reason: String| (sequence, reason);
    let text = |e: sqlx::Error| broken(e.to_string());
    let id = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|e| broken(e.to_string()));
    let codec: &str = row.try_get(first + 5).map_err(text)?;
    Ok(Commit {
        stream,
        sequence,
        last_sequence: row.try_get::<i64, _>(first + 1).map_err(text)?.cast_unsigned(),
        id: id(row.try_get(first + 2).map_err(text)?)?,
        parent: row.try_get::<Option<&[u8]>, _>(first + 3).map_err(text)?.map(id).transpose()?,
        committed_at: from_millis(row.try_get(first + 4).map_err(text)?),
        codec: codec.parse::<Codec>().map_err(|e| broken(e.to_string()))?,
        events: Bytes::from(row.try_get::<Vec<u8>, _>(first + 6).map_err(text)?),
        metadata: Bytes::from(row.try_get::<Vec<u8>, _>(first + 7).map_err(text)?),
    })
}

fn commit(row: &SqliteRow, stream: &StreamId) -> Result<Arc<Commit>, ReadError> {
    let corrupt = |(sequence, reason)| ReadError::Corrupt { stream: stream.clone(), sequence, reason };
    stored_commit(row, 0, stream.clone()).map(Arc::new).map_err(corrupt)
}

const PAGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM es_commits WHERE category = ? AND aggregate_id = ? AND sequence >= ? ORDER BY sequence LIMIT ?"
);

pub(super) async fn page(
    pool: &SqlitePool,
    stream: &StreamId,
    from: u64,
    limit: usize,
) -> Result<Page, ReadError> {
    let Ok(from) = i64::try_from(from) else { return Ok(Page::default()) };
    // One more than asked for, to know whether there is more.
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let query = sqlx::query(PAGE).bind(&*stream.category).bind(stream.id.clone()).bind(from).bind(most);
    let mut rows = query.fetch(pool);
    let (mut page, mut bytes) = (Page::default(), 0);
    while let Some(row) = rows.try_next().await.map_err(unavailable)? {
        if page.commits.len() == limit || bytes >= PAGE_BYTES {
            page.more = true;
            break;
        }
        let commit = commit(&row, stream)?;
        bytes += commit.size();
        page.commits.push(commit);
    }
    Ok(page)
}

/// The commit at `sequence`, which must be there.
pub(super) async fn commit_at(
    pool: &SqlitePool,
    stream: &StreamId,
    sequence: u64,
) -> Result<Arc<Commit>, ReadError> {
    let query = sqlx::query(PAGE).bind(&*stream.category).bind(stream.id.clone());
    let row = query.bind(sequence.cast_signed()).bind(1).fetch_one(pool).await.map_err(unavailable)?;
    commit(&row, stream)
}

const HEAD: &str = "SELECT sequence, last_sequence, commit_id FROM es_commits
    WHERE category = ? AND aggregate_id = ? ORDER BY sequence DESC LIMIT 1";

pub(super) async fn head(pool: &SqlitePool, stream: &StreamId) -> Result<Version, ReadError> {
    let query = sqlx::query(HEAD).bind(&*stream.category).bind(stream.id.clone());
    match query.fetch_optional(pool).await.map_err(unavailable)? {
        Some(row) => version(&row, 0, stream),
        None => Ok(Version::EMPTY),
    }
}

/// The version in three columns of `row`.
pub(super) fn version(row: &SqliteRow, first: usize, stream: &StreamId) -> Result<Version, ReadError> {
    let sequence = row.try_get::<i64, _>(first).map_err(unavailable)?.cast_unsigned();
    let last = row.try_get::<i64, _>(first + 1).map_err(unavailable)?.cast_unsigned();
    let id = row.try_get(first + 2).map_err(unavailable)?;
    let corrupt =
        |e: uuid::Error| ReadError::Corrupt { stream: stream.clone(), sequence, reason: e.to_string() };
    Ok(Version::from_stored(sequence, last, Uuid::from_slice(id).map_err(corrupt)?))
}

/// Jumps from stream to stream in the index, whatever their lengths. `{op}` is `>=` for the first page.
fn heads_sql(op: &str) -> String {
    format!(
        "WITH RECURSIVE ids(id) AS (
            SELECT min(aggregate_id) FROM es_commits WHERE category = ?1 AND aggregate_id {op} ?2
            UNION ALL
            SELECT (SELECT min(aggregate_id) FROM es_commits WHERE category = ?1 AND aggregate_id > ids.id)
            FROM ids WHERE ids.id IS NOT NULL LIMIT ?3
        )
        SELECT ids.id, c.sequence, c.last_sequence, c.commit_id FROM ids JOIN es_commits c
        ON c.category = ?1 AND c.aggregate_id = ids.id AND c.sequence =
            (SELECT max(sequence) FROM es_commits WHERE category = ?1 AND aggregate_id = ids.id)"
    )
}

pub(super) async fn heads(
    pool: &SqlitePool,
    category: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<HeadPage, ReadError> {
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let sql = heads_sql(if after.is_some() { ">" } else { ">=" });
    let query = sqlx::query(AssertSqlSafe(sql)).bind(category).bind(after.unwrap_or("")).bind(most);
    let mut page = HeadPage::default();
    let rows = query.fetch_all(pool).await.map_err(unavailable)?;
    page.heads.reserve(rows.len());
    for row in rows.iter().take(limit) {
        let id: &str = row.try_get(0).map_err(unavailable)?;
        let stream = StreamId::new(category.to_owned(), id);
        let version = version(row, 1, &stream)?;
        page.heads.push((stream, version));
    }
    if rows.len() > limit {
        page.next = page.heads.last().map(|(stream, _)| stream.id.to_string());
    }
    Ok(page)
}
