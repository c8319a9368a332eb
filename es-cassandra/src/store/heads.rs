//! All streams of a category.

use es_core::store::{HeadPage, ReadError, StreamId};
use scylla::response::{PagingState, PagingStateResponse};
use uuid::Uuid;

use super::{Inner, read::version, unavailable};

impl Inner {
    /// A page of a range of the table's partitions, each with its last row. Every stream has one that is bucket 0, and is
    /// reported where the page comes by that: its later buckets are elsewhere in the table, and new ones may
    /// come behind the page or before it.
    pub(super) async fn heads(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<HeadPage, ReadError> {
        let cursor = match after {
            None => Cursor::everything(),
            Some(after) => Cursor::read(after).ok_or_else(|| ReadError::BadCursor(after.to_owned()))?,
        };
        let range = (cursor.after, cursor.to);
        let mut state = cursor.state();
        let mut statement = self.tables_to_read(category).await?.heads.clone();
        statement.set_page_size(i32::try_from(limit).unwrap_or(i32::MAX).clamp(1, 5000));
        let mut heads = Vec::new();
        loop {
            let page = self.session.execute_single_page(&statement, range, state).await;
            let (result, next) = page.map_err(unavailable)?;
            let rows = result.into_rows_result().map_err(unavailable)?;
            for row in rows.rows::<(&str, i64, i64, i64, Uuid)>().map_err(unavailable)? {
                let (id, bucket, first, last, commit) = row.map_err(unavailable)?;
                if bucket == 0 {
                    let stream = StreamId::new(category.to_owned(), id);
                    let found = version(&stream, (first, last, commit))?;
                    let head = self.head_after(&stream, 0, found).await?;
                    heads.push((stream, head));
                }
            }
            match next {
                PagingStateResponse::NoMorePages => return Ok(HeadPage { heads, next: None }),
                // Later buckets of long streams, and nothing to show for them.
                PagingStateResponse::HasMorePages { state: next } if heads.is_empty() => state = next,
                PagingStateResponse::HasMorePages { state: next } => {
                    let page = next.as_bytes_slice().map_or_else(Vec::new, |bytes| bytes.to_vec());
                    return Ok(HeadPage { heads, next: Some(Cursor { page, ..cursor }.text()) });
                }
            }
        }
    }
}

/// A range of the ring, and how much of it has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cursor {
    /// The token after which it begins. Nothing has the least one.
    after: i64,
    /// The last one.
    to: i64,
    /// What the driver was told at the page's end; empty at the beginning.
    page: Vec<u8>,
}

impl Cursor {
    fn everything() -> Self {
        Self { after: i64::MIN, to: i64::MAX, page: Vec::new() }
    }

    fn state(&self) -> PagingState {
        if self.page.is_empty() {
            return PagingState::start();
        }
        PagingState::new_from_raw_bytes(self.page.as_slice())
    }

    fn text(&self) -> String {
        format!("{}..{}:{}", self.after, self.to, to_hex(&self.page))
    }

    fn read(text: &str) -> Option<Self> {
        let (range, page) = text.split_once(':')?;
        let (after, to) = range.split_once("..")?;
        Some(Self { after: after.parse().ok()?, to: to.parse().ok()?, page: from_hex(page)? })
    }
}

/// Ranges of equal size, which are the whole ring.
pub(super) fn parts(most: usize) -> Vec<Option<String>> {
    let count = i128::try_from(most).unwrap_or(i128::MAX).clamp(1, 1 << 16);
    let (first, last) = (i128::from(i64::MIN), i128::from(i64::MAX));
    let end = |part: i128| i64::try_from(first + (last - first) * part / count).unwrap_or(i64::MAX);
    let parts = (0..count).map(|part| Cursor { after: end(part), to: end(part + 1), page: Vec::new() });
    parts.map(|cursor| Some(cursor.text())).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // A `String` takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back_and_foreign_ones_refused() {
        for page in [vec![], vec![0u8, 1, 0x7f, 0xff]] {
            for (after, to) in [(i64::MIN, i64::MAX), (-1, 0)] {
                let cursor = Cursor { after, to, page: page.clone() };
                assert_eq!(Cursor::read(&cursor.text()), Some(cursor));
            }
        }
        for foreign in
            ["", "00ff", "1..2", "1..2:0", "1..2:zz", "1..2:é", "..:", "1:2..3", "9223372036854775808..1:"]
        {
            assert_eq!(Cursor::read(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn parts_are_the_whole_ring() {
        for most in [0, 1, 2, 3, 7, 64, usize::MAX] {
            let parts: Vec<_> =
                parts(most).iter().map(|part| Cursor::read(part.as_ref().unwrap()).unwrap()).collect();
            assert!(!parts.is_empty() && parts.len() <= most.max(1));
            assert!(parts.windows(2).all(|pair| pair[0].to == pair[1].after && pair[0].after < pair[0].to));
            assert_eq!((parts[0].after, parts[parts.len() - 1].to), (i64::MIN, i64::MAX));
        }
    }
}
