//! Appends, and what became of them.

use std::{sync::Arc, time::Instant};

use es_core::store::{AppendError, BoxError, Commit, StreamId};
use scylla::{
    errors::{DbError, ExecutionError, RequestAttemptError},
    response::query_result::QueryResult,
    statement::prepared::PreparedStatement,
    value::{CqlTimestamp, CqlValue, Row},
};

use super::{Inner, read, tables::Tables};
use crate::session::pause;

/// What one request found out.
enum Answer {
    /// Our commit is in its place.
    Stored,
    /// Another one is.
    Taken(Arc<Commit>),
    /// Nothing is there now. A request that is still on its way may put something there.
    Vacant,
    /// The request never left, or was refused before it could do anything.
    NotDone(BoxError),
    /// It may have been done, or be done later.
    Unknown(BoxError),
}

impl Inner {
    pub(super) async fn append(&self, commit: &Arc<Commit>) -> Result<(), AppendError> {
        // No stream has a place for it: it holds no event, or more than a sequence can count.
        let countable = i64::try_from(commit.last_sequence).is_ok();
        if commit.sequence == 0 || commit.last_sequence < commit.sequence || !countable {
            return Err(AppendError::Conflict { winner: None });
        }
        let tables = self.tables(&commit.stream.category).await.map_err(AppendError::Unavailable)?;
        let error = match self.insert(&tables.insert, commit).await {
            Answer::Stored => {
                self.last_buckets.seen(&commit.stream, self.buckets.at(commit.sequence));
                return Ok(());
            }
            Answer::Taken(winner) => return Err(AppendError::Conflict { winner: Some(winner) }),
            Answer::NotDone(error) => return Err(AppendError::Unavailable(error)),
            Answer::Unknown(error) => error,
            Answer::Vacant => "the server did not say whether it stored the row".into(),
        };
        // Apart, because every append would carry the room that this needs.
        Box::pin(self.settle(&tables, commit, error)).await
    }

    /// Finds out what became of an insert that may have been done: looks at the place, and inserts the same row
    /// again while it is vacant. A vacant place alone says nothing: the first request may still arrive.
    ///
    /// Each failure makes it ask another node: the one that leads the partition's transactions may be gone.
    async fn settle(
        &self,
        tables: &Tables,
        commit: &Arc<Commit>,
        first: BoxError,
    ) -> Result<(), AppendError> {
        tracing::debug!(stream = %commit.stream, sequence = commit.sequence, error = %first, "settling a write");
        let begin = Instant::now();
        let (mut last, mut look, mut failures) = (first, true, 1);
        loop {
            let left = self.settle_within.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return Err(AppendError::OutcomeUnknown(last));
            }
            // A node that hangs leaves time to ask others.
            let timeout = self.request_timeout.min(self.settle_within / 4).min(left);
            let through = |statement| tables.elsewhere(statement, failures, timeout);
            let answer = if look {
                self.look(&through(&tables.place), commit).await
            } else {
                self.insert(&through(&tables.insert), commit).await
            };
            match answer {
                Answer::Stored => return Ok(()),
                Answer::Taken(winner) => return Err(AppendError::Conflict { winner: Some(winner) }),
                Answer::Vacant => look = false,
                Answer::NotDone(error) | Answer::Unknown(error) => {
                    (last, look) = (error, true);
                    tokio::time::sleep(pause(failures)).await;
                    failures += 1;
                }
            }
        }
    }

    async fn insert(&self, statement: &PreparedStatement, commit: &Commit) -> Answer {
        let values = (
            &*commit.stream.id,
            self.buckets.at(commit.sequence).cast_signed(),
            commit.sequence.cast_signed(),
            commit.last_sequence.cast_signed(),
            commit.id,
            commit.parent,
            CqlTimestamp(commit.committed_at_millis()),
            commit.codec.as_str(),
            &commit.events,
            &commit.metadata,
        );
        match self.session.execute_unpaged(statement, values).await {
            Ok(result) => applied(result, commit).unwrap_or_else(Answer::Unknown),
            Err(error) if is_certain(&error) => Answer::NotDone(error.into()),
            Err(error) => Answer::Unknown(error.into()),
        }
    }

    async fn look(&self, statement: &PreparedStatement, commit: &Commit) -> Answer {
        match self.at_place(statement, &commit.stream, commit.sequence).await {
            Ok(None) => Answer::Vacant,
            Ok(Some(found)) if found.id == commit.id => Answer::Stored,
            Ok(Some(found)) => Answer::Taken(Arc::new(found)),
            Err(error) => Answer::Unknown(error),
        }
    }

    async fn at_place(
        &self,
        statement: &PreparedStatement,
        stream: &StreamId,
        sequence: u64,
    ) -> Result<Option<Commit>, BoxError> {
        let key = (&*stream.id, self.buckets.at(sequence).cast_signed(), sequence.cast_signed());
        let rows = self.session.execute_unpaged(statement, key).await?.into_rows_result()?;
        let row = rows.maybe_first_row::<read::CommitRow<'_>>()?;
        Ok(row.map(|row| read::commit(stream, row)).transpose()?)
    }
}

/// Reads the answer to a conditional insert: `[applied]`, and on a refusal the row that is there. The servers
/// differ in which columns come along and in what order.
fn applied(result: QueryResult, commit: &Commit) -> Result<Answer, BoxError> {
    let rows = result.into_rows_result()?;
    let names: Vec<String> = rows.column_specs().iter().map(|spec| spec.name().to_owned()).collect();
    let row = rows.first_row::<Row>()?;
    let mut values = names.iter().map(String::as_str).zip(row.columns);
    let Some((_, Some(CqlValue::Boolean(applied)))) = values.by_ref().find(|(name, _)| *name == "[applied]")
    else {
        return Err("the answer to a conditional insert has no `[applied]`".into());
    };
    if applied {
        return Ok(Answer::Stored);
    }
    let winner = read::commit_by_name(&commit.stream, values)?;
    Ok(if winner.id == commit.id { Answer::Stored } else { Answer::Taken(Arc::new(winner)) })
}

/// Whether a failed request certainly did nothing.
pub(super) fn is_certain(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::BadQuery(_)
        | ExecutionError::EmptyPlan
        | ExecutionError::PrepareError(_)
        | ExecutionError::ConnectionPoolError(_) => true,
        ExecutionError::LastAttemptError(error) => matches!(
            error,
            RequestAttemptError::SerializationError(_)
                | RequestAttemptError::CqlRequestSerialization(_)
                | RequestAttemptError::UnableToAllocStreamId
                | RequestAttemptError::DbError(
                    DbError::SyntaxError
                        | DbError::Invalid
                        | DbError::Unauthorized
                        | DbError::AuthenticationError,
                    _
                )
        ),
        _ => false,
    }
}
