//! All documents of a projection, or those that are parked.

use es_core::repository::{Checkpoint, Document, RepositoryError};
use scylla::{
    deserialize::row::DeserializeRow,
    response::{PagingState, PagingStateResponse},
    serialize::row::SerializeRow,
    statement::prepared::PreparedStatement,
    value::CqlTimestamp,
};
use uuid::Uuid;

use super::{Inner, ViewTable, failed, rows, unavailable};

/// How many rows come with one request, at most.
const PAGE: usize = 500;

/// Projection, key and token, then the columns of a document.
type ScanRow = (
    String,
    String,
    i64,
    Option<i64>,
    Option<Uuid>,
    Option<bool>,
    Option<i64>,
    Option<String>,
    Option<CqlTimestamp>,
    Option<Vec<u8>>,
);

/// Projection, key and token.
type KeyRow = (String, String, i64);

/// Projection and key, then the columns of a checkpoint.
type ParkedRow = (
    String,
    String,
    Option<i64>,
    Option<Uuid>,
    Option<bool>,
    Option<i64>,
    Option<String>,
    Option<CqlTimestamp>,
);

impl Inner {
    /// Documents in the order of their tokens, and of those that share one, in the order of their keys on the wire.
    pub(super) async fn scan(
        &self,
        projection: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Document)>, RepositoryError> {
        let view = self.view(projection).await?;
        let Some(after) = after else {
            let keep = |row| document(projection, None, row);
            return self.pages(projection, &view.scan, (), limit, keep).await;
        };
        let place = place(&view, projection, after)?;
        let keep = |row| document(projection, place, row);
        self.pages(projection, &view.scan_from, (projection, after), limit, keep).await
    }

    /// In the same order.
    pub(super) async fn scan_keys(
        &self,
        projection: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, RepositoryError> {
        let view = self.view(projection).await?;
        let Some(after) = after else {
            let keep = |(owner, key, _): KeyRow| Ok((owner == projection).then_some(key));
            return self.pages(projection, &view.keys, (), limit, keep).await;
        };
        let place = place(&view, projection, after)?;
        let keep = |(owner, key, token): KeyRow| {
            Ok(is_wanted(projection, place, (&owner, token, &key)).then_some(key))
        };
        self.pages(projection, &view.keys_from, (projection, after), limit, keep).await
    }

    pub(super) async fn scan_parked(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<(String, Checkpoint)>, RepositoryError> {
        let view = self.view(projection).await?;
        let keep = |row: ParkedRow| {
            let (owner, key, applied, id, parked, sequence, error, at) = row;
            if owner != projection {
                return Ok(None);
            }
            let row = (applied, id, parked, sequence, error, at);
            let checkpoint = rows::checkpoint(projection, &key, row)?;
            Ok(Some((key, checkpoint)))
        };
        self.pages(projection, &view.parked, (), limit, keep).await
    }

    /// What `keep` keeps of the rows, until there are enough.
    async fn pages<R, T>(
        &self,
        projection: &'static str,
        statement: &PreparedStatement,
        values: impl SerializeRow + Copy,
        limit: usize,
        keep: impl Fn(R) -> Result<Option<T>, RepositoryError>,
    ) -> Result<Vec<T>, RepositoryError>
    where
        R: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let mut kept = Vec::new();
        let mut statement = statement.clone();
        // One more than is wanted: the row to go on from comes along.
        statement.set_page_size(i32::try_from(limit.saturating_add(1).min(PAGE)).unwrap_or(i32::MAX));
        let mut state = PagingState::start();
        while kept.len() < limit {
            let page = self.connection.session.execute_single_page(&statement, values, state).await;
            let (result, next) = page.map_err(failed(projection))?;
            let rows = result.into_rows_result().map_err(unavailable)?;
            for row in rows.rows::<R>().map_err(unavailable)? {
                kept.extend(keep(row.map_err(unavailable)?)?);
            }
            match next {
                PagingStateResponse::HasMorePages { state: next } => state = next,
                PagingStateResponse::NoMorePages => break,
            }
        }
        kept.truncate(limit);
        Ok(kept)
    }
}

/// The document of a row, if it is this projection's and behind `place`, a token and a key.
fn document(
    projection: &'static str,
    place: Option<(i64, &str)>,
    row: ScanRow,
) -> Result<Option<(String, Document)>, RepositoryError> {
    let (owner, key, token, applied, id, parked, sequence, error, at, content) = row;
    if !is_wanted(projection, place, (&owner, token, &key)) {
        return Ok(None);
    }
    let document = rows::document(projection, &key, (applied, id, parked, sequence, error, at, content))?;
    Ok(Some((key, document)))
}

/// The token and the key after which to go on.
fn place<'k>(
    view: &ViewTable,
    projection: &str,
    after: &'k str,
) -> Result<Option<(i64, &'k str)>, RepositoryError> {
    // Of a statement that names a whole primary key: of others the driver knows no token.
    let token = view.load.calculate_token(&(projection, after)).map_err(unavailable)?;
    Ok(token.map(|token| (token.value(), after)))
}

/// Whether a row, by its owner, token and key, is this projection's and behind `place`.
fn is_wanted(projection: &str, place: Option<(i64, &str)>, (owner, token, key): (&str, i64, &str)) -> bool {
    owner == projection && place.is_none_or(|place| is_behind(place, (token, key)))
}

/// Whether a row comes after a place. Keys of one token are ordered as they are sent: by length first.
fn is_behind(place: (i64, &str), row: (i64, &str)) -> bool {
    let order = |(token, key): (i64, &str)| (token, key.len());
    (order(row), row.1.as_bytes()) > (order(place), place.1.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two texts of one token are rare and can be made on purpose: neither may hide the other.
    #[test]
    fn keys_of_one_token_have_an_order() {
        assert!(is_behind((5, "a"), (6, "a")) && is_behind((5, "z"), (6, "")));
        assert!(is_behind((5, "a"), (5, "b")) && is_behind((5, "b"), (5, "aa")));
        for (place, row) in
            [((5, "a"), (5, "a")), ((5, "b"), (5, "a")), ((5, "aa"), (5, "b")), ((6, ""), (5, "x"))]
        {
            assert!(!is_behind(place, row), "{row:?} after {place:?}");
        }
    }
}
