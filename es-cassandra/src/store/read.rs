//! Rows to commits.

use std::sync::Arc;

use bytes::Bytes;
use es_core::{
    event::Codec,
    store::{Commit, Page, ReadError, StreamId, Version, from_millis},
};
use scylla::{
    statement::prepared::PreparedStatement,
    value::{CqlTimestamp, CqlValue},
};
use uuid::Uuid;

use super::{Inner, tables::Tables, unavailable};

/// How many other nodes are asked for what one has not answered.
const OTHERS: usize = 2;

/// The columns of a commit, as [`super::tables::COLUMNS`] lists them.
pub(super) type CommitRow<'r> = (i64, i64, Uuid, Option<Uuid>, CqlTimestamp, &'r str, Bytes, Bytes);

impl Inner {
    /// Commits from `from` on, at most `limit` of them. What was acknowledged before the call is there, and what
    /// is there has no hole that the stream does not have.
    ///
    /// A request sees a partition, or a replica's part of one, at a moment of its own. So while others write, a
    /// commit can be seen and one before it be missed: it was stored after that part was read. But whatever
    /// comes before a commit that was seen is stored by then, and a request that begins now sees it.
    pub(super) async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        let from = from.max(1);
        if limit == 0 || i64::try_from(from).is_err() {
            return Ok(Page::default());
        }
        let tables = self.tables_to_read(&stream.category).await?;
        let scan = async || self.scan(&tables, stream, from, limit.min(tables.page_size.rows())).await;
        let mut page = match scan().await {
            Err(ReadError::Unavailable(error)) if tables.page_size.failed() => {
                tracing::debug!(%stream, error, "a page was not read; asking for less");
                scan().await?
            }
            read => read?,
        };
        if page.commits.first().is_some_and(|first| first.sequence > from) {
            // Something was missed, or `from` lies within a commit: now, what is not seen is not there.
            page = scan().await?;
        }
        tables.page_size.came(&page);
        end_before_hole(&mut page);
        Ok(page)
    }

    /// A bucket that ends before `limit` is reached is followed by the next one, unless the stream ends in it.
    async fn scan(
        &self,
        tables: &Tables,
        stream: &StreamId,
        mut from: u64,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let mut page = Page::default();
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

    /// Where a stream ends: one request, unless it has gone on into a bucket that this process has not seen.
    ///
    /// It is looked at serially. A commit that is accepted may be on one replica alone, when whoever led its transaction
    /// was too slow or has died: from there it goes into views, and a quorum of the others knows nothing of it. A
    /// serial look finishes it, since transactions are per partition.
    pub(super) async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        let begin = self.last_buckets.of(stream);
        if let Some(found) = self.head_of(stream, begin).await? {
            return self.head_after(stream, begin, found).await;
        }
        if begin == 0 {
            return Ok(Version::EMPTY);
        }
        // A backup was restored.
        self.last_buckets.forget(stream);
        match self.head_of(stream, 0).await? {
            Some(found) => self.head_after(stream, 0, found).await,
            None => Ok(Version::EMPTY),
        }
    }

    /// Where a stream ends that had `found` at the end of `bucket`: there, or in its last bucket, which is looked
    /// for in growing steps.
    pub(super) async fn head_after(
        &self,
        stream: &StreamId,
        bucket: u64,
        mut found: Version,
    ) -> Result<Version, ReadError> {
        // The last bucket known to have commits, and the first that had none.
        let (mut full, mut empty, mut step) = (bucket, None, 1);
        loop {
            if self.buckets.after(found.last_sequence()) == full || empty == Some(full + 1) {
                self.last_buckets.seen(stream, full);
                return Ok(found);
            }
            let look = match empty {
                None => full + step,
                Some(empty) => full + (empty - full) / 2,
            };
            match self.head_of(stream, look).await? {
                Some(version) => (found, full, step) = (version, look, step * 2),
                None => empty = Some(look),
            }
        }
    }

    /// The last commit of a bucket, through another node when the one that leads the partition does not answer.
    async fn head_of(&self, stream: &StreamId, bucket: u64) -> Result<Option<Version>, ReadError> {
        let tables = self.tables_to_read(&stream.category).await?;
        let mut found = self.last_row(&tables.head, stream, bucket).await;
        for others in 1..=OTHERS {
            if !matches!(found, Err(ReadError::Unavailable(_))) {
                break;
            }
            let head = tables.elsewhere(&tables.head, others, self.request_timeout);
            found = self.last_row(&head, stream, bucket).await;
        }
        found
    }

    async fn last_row(
        &self,
        head: &PreparedStatement,
        stream: &StreamId,
        bucket: u64,
    ) -> Result<Option<Version>, ReadError> {
        let key = (&*stream.id, bucket.cast_signed());
        let result = self.session.execute_unpaged(head, key).await.map_err(unavailable)?;
        let rows = result.into_rows_result().map_err(unavailable)?;
        let row = rows.maybe_first_row::<(i64, i64, Uuid)>().map_err(unavailable)?;
        row.map(|row| version(stream, row)).transpose()
    }
}

/// Leaves what comes after a hole to the next read, which begins at the hole and looks twice.
fn end_before_hole(page: &mut Page) {
    let hole =
        page.commits.windows(2).position(|pair| pair[1].sequence > pair[0].last_sequence.saturating_add(1));
    if let Some(at) = hole {
        page.commits.truncate(at + 1);
        page.more = true;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn page(spans: &[(u64, u64)]) -> Page {
        let stream = StreamId::new("account", "a");
        let commits = spans.iter().map(|&(sequence, last_sequence)| {
            Arc::new(Commit {
                stream: stream.clone(),
                sequence,
                last_sequence,
                id: Uuid::from_u128(sequence.into()),
                parent: None,
                committed_at: from_millis(0),
                codec: Codec::Json,
                events: Bytes::new(),
                metadata: Bytes::new(),
            })
        });
        Page { commits: commits.collect(), more: false }
    }

    #[test]
    fn a_page_ends_before_a_hole_and_says_that_there_is_more() {
        for (spans, kept, more) in [
            (&[][..], 0, false),
            (&[(4, 4)], 1, false),
            (&[(1, 2), (3, 3), (4, 9)], 3, false),
            (&[(1, 2), (4, 4), (5, 5)], 1, true),
            (&[(1, 2), (3, 3), (5, 5), (7, 7)], 2, true),
            // An overlap is not a hole: whoever checks the chain sees it.
            (&[(1, 4), (3, 3), (4, 4)], 3, false),
        ] {
            let mut page = page(spans);
            end_before_hole(&mut page);
            assert_eq!((page.commits.len(), page.more), (kept, more), "{spans:?}");
        }
    }
}
