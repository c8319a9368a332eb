//! What all processes must agree on: written once, and read at each start.

use std::time::Instant;

use scylla::{
    client::session::Session,
    errors::{DbError, ExecutionError, RequestAttemptError},
    response::query_result::QueryResult,
    serialize::row::SerializeRow,
    statement::{Consistency, SerialConsistency, unprepared::Statement},
};

use super::{Flavour, failed, malformed};
use crate::{
    ConnectError,
    session::{Builder, pause},
};

/// Events of one partition, for new stores.
const BUCKET_SIZE: u64 = 10_000;
const FRAMING: i64 = 1;

/// The store's settings. Two processes with different ones would not see each other's writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) bucket_size: u64,
    pub(crate) flavour: Flavour,
}

impl Settings {
    /// For reads that must see every acknowledged write, and for the commit of each.
    pub(crate) fn quorum(&self) -> Consistency {
        Consistency::Quorum
    }

    /// For the one place where all writers of a slot meet.
    pub(crate) fn serial(&self) -> SerialConsistency {
        SerialConsistency::Serial
    }

    /// For reads that must settle what became of a write.
    pub(crate) fn serial_read(&self) -> Consistency {
        Consistency::Serial
    }
}

/// Proposes this process's settings, and takes those that are stored.
pub(super) async fn agree(
    session: &Session,
    builder: &Builder,
    flavour: Flavour,
) -> Result<Settings, ConnectError> {
    let table = format!("{}.es_settings", builder.keyspace);
    // A lightweight transaction counts the replicas that there are, and a read those that there should be: with more
    // replicas than nodes the first goes through, and nobody could read what it wrote.
    stored(session, builder, &table, Consistency::Quorum).await?;
    let mut found = stored(session, builder, &table, Consistency::Serial).await?;
    if found.is_none() {
        let insert = format!(
            "INSERT INTO {table} (name, bucket_size, framing, serial_consistency) VALUES ('store', ?, ?, 'SERIAL') IF NOT EXISTS"
        );
        let mut write = Statement::new(&insert);
        write.set_consistency(Consistency::Quorum);
        write.set_serial_consistency(Some(SerialConsistency::Serial));
        let values = (builder.bucket_size.unwrap_or(BUCKET_SIZE).cast_signed(), FRAMING);
        send(session, builder, &insert, write, values).await?;
        // Whoever was first: what is stored counts.
        found = stored(session, builder, &table, Consistency::Serial).await?;
    }
    let missing = || ConnectError::UnknownSetting {
        table: table.clone(),
        name: "bucket_size",
        value: "missing".to_owned(),
    };
    check(builder, &table, found.ok_or_else(missing)?, flavour)
}

/// What is stored, if anything is: nothing before the store is first opened.
pub(super) async fn look(
    session: &Session,
    builder: &Builder,
    flavour: Flavour,
) -> Result<Option<Settings>, ConnectError> {
    let table = format!("{}.es_settings", builder.keyspace);
    let found = stored(session, builder, &table, Consistency::Quorum).await?;
    found.map(|found| check(builder, &table, found, flavour)).transpose()
}

fn check(builder: &Builder, table: &str, found: Row, flavour: Flavour) -> Result<Settings, ConnectError> {
    let unknown = |name, value| ConnectError::UnknownSetting { table: table.to_owned(), name, value };
    let (bucket_size, framing, serial) = found;
    if framing != Some(FRAMING) {
        return Err(unknown("framing", shown(framing)));
    }
    let size = bucket_size.and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0);
    let size = size.ok_or_else(|| unknown("bucket_size", shown(bucket_size)))?;
    match serial.as_deref() {
        Some("SERIAL") => {}
        Some("LOCAL_SERIAL") => return Err(ConnectError::LocalSerial { table: table.to_owned() }),
        _ => return Err(unknown("serial_consistency", shown(serial))),
    }
    if let Some(asked) = builder.bucket_size.filter(|asked| *asked != size) {
        tracing::warn!(
            asked,
            stored = size,
            "the store was made with another bucket size than was asked for, and keeps it"
        );
    }
    Ok(Settings { bucket_size: size, flavour })
}

/// Bucket size, framing and serial consistency.
type Row = (Option<i64>, Option<i64>, Option<String>);

async fn stored(
    session: &Session,
    builder: &Builder,
    table: &str,
    consistency: Consistency,
) -> Result<Option<Row>, ConnectError> {
    let select = format!("SELECT bucket_size, framing, serial_consistency FROM {table} WHERE name = 'store'");
    let mut read = Statement::new(&select);
    read.set_consistency(consistency);
    let found = send(session, builder, &select, read, ()).await?;
    let rows = found.into_rows_result().map_err(|source| malformed(&select, source))?;
    rows.maybe_first_row::<Row>().map_err(|source| malformed(&select, source))
}

/// Runs a statement again where it ran out of time: processes that start at once meet at the settings' row, where at
/// first none may get through. Done twice, an insert that is conditional changes nothing more.
async fn send(
    session: &Session,
    builder: &Builder,
    text: &str,
    statement: Statement,
    values: impl SerializeRow + Clone,
) -> Result<QueryResult, ConnectError> {
    let begin = Instant::now();
    let mut failures = 0;
    loop {
        let error = match session.query_unpaged(statement.clone(), values.clone()).await {
            Ok(result) => return Ok(result),
            Err(error) => error,
        };
        if !ran_out_of_time(&error) || begin.elapsed() >= builder.settle_within {
            return Err(failed(text, error));
        }
        failures += 1;
        tokio::time::sleep(pause(failures)).await;
    }
}

fn ran_out_of_time(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::RequestTimeout(_) => true,
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(error, _)) => {
            matches!(error, DbError::ReadTimeout { .. } | DbError::WriteTimeout { .. })
        }
        _ => false,
    }
}

fn shown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "missing".to_owned(), |value| value.to_string())
}
