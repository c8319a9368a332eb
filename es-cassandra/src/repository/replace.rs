//! Conditional writes, and what became of them.

use std::time::Instant;

use es_core::{
    repository::{Checkpoint, Document, RepositoryError},
    store::{BoxError, to_millis},
};
use scylla::value::{CqlTimestamp, MaybeUnset};
use uuid::Uuid;

use super::{Inner, rows, tables::ViewTable};
use crate::session::{is_applied, pause};

impl Inner {
    /// Stores the document, if the one that is stored is where it is expected.
    pub(super) async fn replace(
        &self,
        projection: &'static str,
        key: &str,
        expected: Option<&Checkpoint>,
        document: &Document,
    ) -> Result<bool, RepositoryError> {
        let view = self.view(projection).await?;
        match self.write(&view, projection, key, expected, document).await {
            Ok(applied) => Ok(applied),
            Err(error) => self.settle(&view, projection, key, expected, document, error).await,
        }
    }

    /// Finds out what became of a write that may have been done: looks at the row, and writes again while it is
    /// where it was. A row that did not move alone says nothing: the first request may still arrive, and is then
    /// refused by the second, or the second by it.
    async fn settle(
        &self,
        view: &ViewTable,
        projection: &'static str,
        key: &str,
        expected: Option<&Checkpoint>,
        document: &Document,
        first: BoxError,
    ) -> Result<bool, RepositoryError> {
        tracing::debug!(projection, key, error = %first, "settling a write");
        let begin = Instant::now();
        let (mut last, mut failures) = (first, 0);
        while begin.elapsed() < self.connection.settle_within {
            match self.look(view, projection, key).await {
                // Ours, or the same by another listener: a fold of the same events.
                Ok(found) if found.as_ref() == Some(&document.checkpoint) => return Ok(true),
                Ok(found) if !is_where(found.as_ref(), expected) => return Ok(false),
                // A refusal says that something moved it meanwhile, maybe our own first request: look again.
                Ok(_) => match self.write(view, projection, key, expected, document).await {
                    Ok(true) => return Ok(true),
                    Ok(false) => continue,
                    Err(error) => last = error,
                },
                Err(error) => last = error,
            }
            tokio::time::sleep(pause(failures)).await;
            failures += 1;
        }
        Err(RepositoryError::Unavailable(last))
    }

    async fn write(
        &self,
        view: &ViewTable,
        projection: &str,
        key: &str,
        expected: Option<&Checkpoint>,
        document: &Document,
    ) -> Result<bool, BoxError> {
        let session = &self.connection.session;
        let result = match expected {
            None => session.execute_unpaged(&view.insert, values(projection, key, None, document)).await?,
            Some(at) => {
                let (a, b, c, d, e, f, g, h, i) = values(projection, key, Some(at), document);
                // What is compared: `parked` is true or absent.
                let (applied, parked) = (at.applied.cast_signed(), at.parked.is_some().then_some(true));
                let values = (a, b, c, d, e, f, g, h, i, applied, parked);
                session.execute_unpaged(&view.update, values).await?
            }
        };
        is_applied(result)
    }

    async fn look(
        &self,
        view: &ViewTable,
        projection: &'static str,
        key: &str,
    ) -> Result<Option<Checkpoint>, BoxError> {
        let rows = self.connection.session.execute_unpaged(&view.look, (projection, key)).await?;
        let row = rows.into_rows_result()?.maybe_first_row::<rows::CheckpointRow>()?;
        Ok(row.map(|row| rows::checkpoint(projection, key, row)).transpose()?)
    }
}

fn is_where(found: Option<&Checkpoint>, expected: Option<&Checkpoint>) -> bool {
    let place = |at: &Checkpoint| (at.applied, at.parked.is_some());
    found.map(place) == expected.map(place)
}

type Values<'a> = (
    i64,
    MaybeUnset<Uuid>,
    MaybeUnset<Option<bool>>,
    MaybeUnset<Option<i64>>,
    MaybeUnset<Option<&'a str>>,
    MaybeUnset<Option<CqlTimestamp>>,
    MaybeUnset<&'a [u8]>,
    &'a str,
    &'a str,
);

/// What is stored. What stays as it was is left unset, since each null would be a tombstone.
fn values<'a>(
    projection: &'a str,
    key: &'a str,
    before: Option<&Checkpoint>,
    document: &'a Document,
) -> Values<'a> {
    let Document { checkpoint, view } = document;
    let parked = checkpoint.parked.as_ref();
    // A name for "write this, or nothing".
    fn part<T>(value: Option<T>, clear: bool) -> MaybeUnset<Option<T>> {
        if value.is_some() || clear { MaybeUnset::Set(value) } else { MaybeUnset::Unset }
    }
    let clear = before.is_some_and(|before| before.parked.is_some());
    (
        checkpoint.applied.cast_signed(),
        MaybeUnset::from_option(checkpoint.commit_id),
        part(parked.map(|_| true), clear),
        part(parked.map(|parked| parked.sequence.cast_signed()), clear),
        part(parked.map(|parked| parked.error.as_str()), clear),
        part(parked.map(|parked| CqlTimestamp(to_millis(parked.at))), clear),
        MaybeUnset::from_option(view.as_deref()),
        projection,
        key,
    )
}
