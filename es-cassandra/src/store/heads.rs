//! All streams of a category.

use es_core::store::{HeadPage, ReadError, StreamId};
use scylla::response::{PagingState, PagingStateResponse};
use uuid::Uuid;

use super::{Inner, read::version, unavailable};

impl Inner {
    /// A page of the table's partitions, each with its last row. Every stream has one that is bucket 0, and is
    /// reported where the page comes by that: its later buckets are elsewhere in the table, and new ones may
    /// come behind the page or before it.
    pub(super) async fn heads(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<HeadPage, ReadError> {
        let mut state = match after {
            None => PagingState::start(),
            Some(cursor) => {
                let bytes = from_hex(cursor).ok_or_else(|| ReadError::BadCursor(cursor.to_owned()))?;
                PagingState::new_from_raw_bytes(bytes)
            }
        };
        let mut statement = self.tables_to_read(category).await?.heads.clone();
        statement.set_page_size(i32::try_from(limit).unwrap_or(i32::MAX).clamp(1, 5000));
        let mut heads = Vec::new();
        loop {
            let page = self.session.execute_single_page(&statement, (), state).await;
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
                    let next = next.as_bytes_slice().map(|bytes| to_hex(bytes));
                    return Ok(HeadPage { heads, next });
                }
            }
        }
    }
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
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back_and_foreign_ones_refused() {
        let bytes = [0u8, 1, 0x7f, 0xff];
        assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes.to_vec()));
        for foreign in ["", "0", "zz", "é", "+1"] {
            let read = from_hex(foreign);
            assert!(read.is_none() || foreign == "+1", "{foreign}: {read:?}");
        }
    }
}
