//! Inserts of one's own into the store's table. See [`Plant::PlainInsert`] and [`Plant::SecondBucketSize`].

use event_sourcing::store::{AppendError, Commit};
use scylla::{
    client::{session::Session, session_builder::SessionBuilder},
    statement::{Consistency, prepared::PreparedStatement},
    value::{CqlTimestamp, CqlValue, Row},
};

use super::Plant;
use crate::{Failure, bank, fleet};

pub(super) struct Raw {
    session: Session,
    /// Into the table of accounts, and into that of aircraft.
    inserts: [PreparedStatement; 2],
    bucket_size: u64,
}

impl Raw {
    pub(super) async fn open(
        hosts: &[String],
        keyspace: &str,
        bucket_size: u64,
        plant: Plant,
    ) -> Result<Self, Failure> {
        let session = SessionBuilder::new().known_nodes(hosts).build().await?;
        let condition = if plant == Plant::PlainInsert { "" } else { "IF NOT EXISTS" };
        let prepare = async |category: &str| {
            let statement = format!(
                "INSERT INTO {keyspace}.{category}_events (aggregate_id, bucket, sequence, last_sequence, commit_id, parent, \
                 committed_at, codec, events, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {condition}"
            );
            let mut insert = session.prepare(statement).await?;
            insert.set_consistency(Consistency::Quorum);
            Ok::<_, Failure>(insert)
        };
        let inserts = [prepare(bank::CATEGORY).await?, prepare(fleet::CATEGORY).await?];
        Ok(Self { session, inserts, bucket_size })
    }

    pub(super) async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let number = u64::cast_signed;
        let values = (
            &*commit.stream.id,
            number((commit.sequence - 1) / self.bucket_size),
            number(commit.sequence),
            number(commit.last_sequence),
            commit.id,
            commit.parent,
            CqlTimestamp(commit.committed_at_millis()),
            commit.codec.as_str(),
            &commit.events,
            &commit.metadata,
        );
        let insert = &self.inserts[usize::from(commit.stream.category == fleet::CATEGORY)];
        let unknown = |error| AppendError::OutcomeUnknown(error);
        let done = self.session.execute_unpaged(insert, values).await;
        let done = done.map_err(|error| unknown(error.into()))?;
        // Without a condition there is no answer.
        let Ok(rows) = done.into_rows_result() else { return Ok(()) };
        let row = rows.first_row::<Row>().map_err(|error| unknown(error.into()))?;
        match row.columns.first() {
            Some(Some(CqlValue::Boolean(true))) => Ok(()),
            _ => Err(AppendError::Conflict { winner: None }),
        }
    }
}
