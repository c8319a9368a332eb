//! Rows to commits.

use std::sync::Arc;

use bytes::Bytes;
use es_core::{
    event::Codec,
    store::{Commit, Page, ReadError, StreamId, Version, from_millis},
};
use scylla::value::{CqlTimestamp, CqlValue};
use uuid::Uuid;

use super::{Inner, unavailable};

/// The most rows of one request.
const MOST_ROWS: usize = 256;

/// The columns of a commit, as [`super::tables::COLUMNS`] lists them.
pub(super) type CommitRow<'r> = (i64, i64, Uuid, Option<Uuid>, CqlTimestamp, &'r str, Bytes, Bytes);

impl Inner {
    /// Commits from `from` on. A bucket that ends before `limit` is reached is followed by the next one, unless
    /// the stream ends in it.
    pub(super) async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        let mut page = Page::default();
        let limit = limit.min(MOST_ROWS);
        let mut from = from.max(1);
        if limit == 0 || i64::try_from(from).is_err() {
            return Ok(page);
        }
        let tables = self.tables_to_read(&stream.category).await?;
        // Where `from` itself would be, and the one after it: a commit may reach over the border.
        let mut bucket = self.buckets.at(from);
        let mut is_first = true;
        loop {
            // One more, to see whether there is more.
            let wanted = limit + 1 - page.commits.len();
            let key = (&*stream.id, bucket.cast_signed(), from.cast_signed(), wanted as i32);
            let result = self.session.execute_unpaged(&tables.page, key).await.map_err(unavailable)?;
            let rows = result.into_rows_result().map_err(unavailable)?;
            let before = page.commits.len();
            for row in rows.rows::<CommitRow<'_>>().map_err(unavailable)? {
                page.commits.push(Arc::new(commit(stream, row.map_err(unavailable)?)?));
            }
            if page.commits.len() > limit {
                page.commits.truncate(limit);
                page.more = true;
                return Ok(page);
            }
            let goes_on = match page.commits.last().filter(|_| page.commits.len() > before) {
                Some(last) => {
                    from = last.last_sequence.saturating_add(1);
                    self.buckets.at(from)
                }
                None if is_first => bucket + 1,
                None => return Ok(page),
            };
            if goes_on == bucket {
                return Ok(page);
            }
            (bucket, is_first) = (goes_on, false);
        }
    }

    /// Where a stream ends: in its last bucket, which is looked for in growing steps.
    pub(super) async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        let tables = self.tables_to_read(&stream.category).await?;
        let at = async |bucket: u64| {
            let key = (&*stream.id, bucket.cast_signed());
            let result = self.session.execute_unpaged(&tables.head, key).await.map_err(unavailable)?;
            let rows = result.into_rows_result().map_err(unavailable)?;
            let row = rows.maybe_first_row::<(i64, i64, Uuid)>().map_err(unavailable)?;
            row.map(|row| version(stream, row)).transpose()
        };
        let Some(mut found) = at(0).await? else { return Ok(Version::EMPTY) };
        // The last bucket known to have commits, and the first known to have none.
        let (mut full, mut empty, mut step) = (0, None, 1);
        loop {
            if self.buckets.after(found.last_sequence()) == full || empty == Some(full + 1) {
                return Ok(found);
            }
            let look = match empty {
                None => full + step,
                Some(empty) => full + (empty - full) / 2,
            };
            match at(look).await? {
                Some(version) => (found, full, step) = (version, look, step * 2),
                None => empty = Some(look),
            }
        }
    }
}

pub(super) fn version(stream: &StreamId, (first, last, id): (i64, i64, Uuid)) -> Result<Version, ReadError> {
    match (u64::try_from(first), u64::try_from(last)) {
        (Ok(first), Ok(last)) => Ok(Version::from_stored(first, last, id)),
        _ => Err(corrupt(stream, first, "a sequence is below 0".to_owned())),
    }
}

/// A row as a commit of `stream`.
pub(super) fn commit(stream: &StreamId, row: CommitRow<'_>) -> Result<Commit, ReadError> {
    let (first, last, id, parent, committed_at, codec, events, metadata) = row;
    let version = version(stream, (first, last, id))?;
    let codec: Codec = codec.parse().map_err(|e| corrupt(stream, first, format!("{e}")))?;
    Ok(Commit {
        stream: stream.clone(),
        sequence: version.sequence(),
        last_sequence: version.last_sequence(),
        id,
        parent,
        committed_at: from_millis(committed_at.0),
        codec,
        events,
        metadata,
    })
}

/// The same from columns in any order.
pub(super) fn commit_by_name<'n>(
    stream: &StreamId,
    columns: impl Iterator<Item = (&'n str, Option<CqlValue>)>,
) -> Result<Commit, ReadError> {
    let (mut first, mut last, mut id, mut parent) = (None, None, None, None);
    let (mut committed_at, mut codec, mut events, mut metadata) = (None, None, None, None);
    for (name, value) in columns {
        match (name, value) {
            ("sequence", Some(CqlValue::BigInt(n))) => first = Some(n),
            ("last_sequence", Some(CqlValue::BigInt(n))) => last = Some(n),
            ("commit_id", Some(CqlValue::Uuid(uuid))) => id = Some(uuid),
            ("parent", Some(CqlValue::Uuid(uuid))) => parent = Some(uuid),
            ("committed_at", Some(CqlValue::Timestamp(at))) => committed_at = Some(at),
            ("codec", Some(CqlValue::Text(text))) => codec = Some(text),
            ("events", Some(CqlValue::Blob(bytes))) => events = Some(bytes),
            ("metadata", Some(CqlValue::Blob(bytes))) => metadata = Some(bytes),
            _ => {}
        }
    }
    match (first, last, id, committed_at, codec.as_deref(), events, metadata) {
        (Some(first), Some(last), Some(id), Some(at), Some(codec), Some(events), Some(metadata)) => {
            commit(stream, (first, last, id, parent, at, codec, events.into(), metadata.into()))
        }
        _ => Err(corrupt(stream, first.unwrap_or(0), "a column is missing".to_owned())),
    }
}

fn corrupt(stream: &StreamId, sequence: i64, reason: String) -> ReadError {
    ReadError::Corrupt { stream: stream.clone(), sequence: u64::try_from(sequence).unwrap_or(0), reason }
}
