//! What all processes must agree on: written once, and read at each start.

use scylla::{
    client::session::Session,
    statement::{Consistency, SerialConsistency, unprepared::Statement},
};

use super::{Flavour, failed};
use crate::{ConnectError, session::Builder};

const FRAMING: i64 = 1;

/// The store's settings. Two processes with different ones would not see each other's writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) bucket_size: u64,
    pub(crate) serial: SerialConsistency,
    pub(crate) flavour: Flavour,
}

impl Settings {
    /// For reads that must see every acknowledged write, and for the commit of each.
    pub(crate) fn quorum(&self) -> Consistency {
        match self.serial {
            SerialConsistency::Serial => Consistency::Quorum,
            SerialConsistency::LocalSerial => Consistency::LocalQuorum,
        }
    }

    /// For reads that must settle what became of a write.
    pub(crate) fn serial_read(&self) -> Consistency {
        match self.serial {
            SerialConsistency::Serial => Consistency::Serial,
            SerialConsistency::LocalSerial => Consistency::LocalSerial,
        }
    }

    pub(super) fn check(&self, keyspace: &str, datacenters: Vec<String>) -> Result<(), ConnectError> {
        if self.serial == SerialConsistency::LocalSerial && datacenters.len() > 1 {
            let keyspace = keyspace.to_owned();
            return Err(ConnectError::LocalSerialOverDatacenters { keyspace, datacenters });
        }
        Ok(())
    }
}

/// Proposes this process's settings, and takes those that are stored.
pub(super) async fn agree(
    session: &Session,
    builder: &Builder,
    flavour: Flavour,
) -> Result<Settings, ConnectError> {
    let keyspace = &builder.keyspace;
    let table = format!("{keyspace}.es_settings");
    let select = format!("SELECT bucket_size, framing, serial_consistency FROM {table} WHERE name = 'store'");
    let mut read = Statement::new(&select);
    read.set_consistency(Consistency::Serial);
    let stored = |found: scylla::response::query_result::QueryResult| {
        let rows = found.into_rows_result().map_err(|e| failed(&select, e))?;
        rows.maybe_first_row::<(i64, i64, String)>().map_err(|e| failed(&select, e))
    };
    let mut found = match session.query_unpaged(read.clone(), ()).await {
        Ok(found) => stored(found)?,
        Err(source) => {
            let ddl = super::settings_ddl(keyspace);
            return Err(if is_missing_table(&source) {
                ConnectError::NoSuchTable { table, ddl }
            } else {
                failed(&select, source)
            });
        }
    };
    if found.is_none() {
        let insert = format!(
            "INSERT INTO {table} (name, bucket_size, framing, serial_consistency) VALUES ('store', ?, ?, 'SERIAL') IF NOT EXISTS"
        );
        let mut write = Statement::new(&insert);
        write.set_consistency(Consistency::Quorum);
        write.set_serial_consistency(Some(SerialConsistency::Serial));
        let values = (builder.bucket_size.cast_signed(), FRAMING);
        session.query_unpaged(write, values).await.map_err(|e| failed(&insert, e))?;
        // Whoever was first: what is stored counts.
        found = stored(session.query_unpaged(read, ()).await.map_err(|e| failed(&select, e))?)?;
    }
    let unknown = |name, value: String| ConnectError::UnknownSetting { name, value };
    let (bucket_size, framing, serial) = found.ok_or_else(|| unknown("bucket_size", "missing".to_owned()))?;
    if framing != FRAMING {
        return Err(unknown("framing", framing.to_string()));
    }
    let bucket_size = u64::try_from(bucket_size).ok().filter(|size| *size > 0);
    let bucket_size = bucket_size.ok_or_else(|| unknown("bucket_size", "not above 0".to_owned()))?;
    let serial = match serial.as_str() {
        "SERIAL" => SerialConsistency::Serial,
        "LOCAL_SERIAL" => SerialConsistency::LocalSerial,
        other => return Err(unknown("serial_consistency", other.to_owned())),
    };
    Ok(Settings { bucket_size, serial, flavour })
}

fn is_missing_table(error: &scylla::errors::ExecutionError) -> bool {
    use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
    matches!(error, ExecutionError::LastAttemptError(RequestAttemptError::DbError(DbError::Invalid, _)))
}
