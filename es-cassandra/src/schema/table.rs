//! Tables: how each is made, and whether one that is there is as it must be.

use scylla::client::session::Session;

use super::{Flavour, rows_of, run};
use crate::ConnectError;

/// Columns as `system_schema.columns` shows them: name, type, kind; in the order of their names.
type Columns = &'static [(&'static str, &'static str, &'static str)];

/// What a table must be.
pub(crate) struct Table {
    name: String,
    /// Between the parentheses of `CREATE TABLE`.
    body: &'static str,
    /// After them.
    options: &'static str,
    columns: Columns,
    /// Whether its changes must be captured.
    captured: bool,
    /// The column that has an index, if one has.
    index: Option<&'static str>,
}

impl Table {
    /// The commits of a category: every one of them must stay and must reach the change log.
    pub(crate) fn events(category: &str, flavour: Flavour) -> Self {
        let options = match flavour {
            Flavour::Cassandra => " WITH CLUSTERING ORDER BY (sequence DESC) AND cdc = true",
            Flavour::Scylla => " WITH CLUSTERING ORDER BY (sequence DESC) AND cdc = {'enabled': true}",
        };
        let columns = &[
            ("aggregate_id", "text", "partition_key"),
            ("bucket", "bigint", "partition_key"),
            ("codec", "text", "regular"),
            ("commit_id", "uuid", "regular"),
            ("committed_at", "timestamp", "regular"),
            ("events", "blob", "regular"),
            ("last_sequence", "bigint", "regular"),
            ("metadata", "blob", "regular"),
            ("parent", "uuid", "regular"),
            ("sequence", "bigint", "clustering"),
        ];
        let name = super::events_table(category);
        Self { name, body: include_str!("events.cql"), options, columns, captured: true, index: None }
    }

    /// The snapshots of a category.
    pub(crate) fn snapshots(category: &str) -> Self {
        let columns = &[
            ("aggregate_id", "text", "partition_key"),
            ("command_ids", "blob", "regular"),
            ("commit_id", "uuid", "regular"),
            ("fingerprint", "bigint", "partition_key"),
            ("last_sequence", "bigint", "regular"),
            ("sequence", "bigint", "regular"),
            ("state", "blob", "regular"),
        ];
        Self::plain(super::snapshots_table(category), include_str!("snapshots.cql"), columns)
    }

    /// What all processes of a store agree on.
    pub(crate) fn settings() -> Self {
        let columns = &[
            ("bucket_size", "bigint", "regular"),
            ("framing", "bigint", "regular"),
            ("name", "text", "partition_key"),
            ("serial_consistency", "text", "regular"),
        ];
        Self::plain("es_settings".to_owned(), include_str!("settings.cql"), columns)
    }

    /// The documents of a projection.
    pub(crate) fn view(projection: &str) -> Self {
        let columns = &[
            ("applied", "bigint", "regular"),
            ("commit_id", "uuid", "regular"),
            ("content", "blob", "regular"),
            ("key", "text", "partition_key"),
            ("parked", "boolean", "regular"),
            ("parked_at", "timestamp", "regular"),
            ("parked_error", "text", "regular"),
            ("parked_sequence", "bigint", "regular"),
            ("projection", "text", "partition_key"),
        ];
        let table = Self::plain(super::view_table(projection), include_str!("view.cql"), columns);
        Self { index: Some("parked"), ..table }
    }

    /// How far the projections of a keyspace have read their feeds.
    pub(crate) fn offsets() -> Self {
        let columns = &[
            ("offset", "bigint", "regular"),
            ("partition", "text", "clustering"),
            ("projection", "text", "partition_key"),
        ];
        Self::plain("es_offsets".to_owned(), include_str!("offsets.cql"), columns)
    }

    /// What the projections of a keyspace could not read.
    pub(crate) fn dead_letters() -> Self {
        let columns = &[
            ("bytes", "blob", "regular"),
            ("offset", "bigint", "clustering"),
            ("partition", "text", "clustering"),
            ("projection", "text", "partition_key"),
            ("reason", "text", "regular"),
        ];
        Self::plain("es_dead_letters".to_owned(), include_str!("dead_letters.cql"), columns)
    }

    fn plain(name: String, body: &'static str, columns: Columns) -> Self {
        Self { name, body, options: "", columns, captured: false, index: None }
    }

    /// What makes it.
    pub(crate) fn ddl(&self, keyspace: &str) -> Vec<String> {
        let Self { name, body, options, .. } = self;
        let mut ddl =
            vec![format!("CREATE TABLE IF NOT EXISTS {keyspace}.{name} ({}){options}", body.trim())];
        ddl.extend(self.index.map(|column| {
            format!("CREATE INDEX IF NOT EXISTS {name}_{column} ON {keyspace}.{name} ({column})")
        }));
        ddl
    }

    /// Looks whether it is there, makes it if it is not and that was asked for, and checks what there is. Makes
    /// nothing that is there, since every DDL statement is a round of agreement between all nodes.
    pub(crate) async fn ensure(
        &self,
        session: &Session,
        keyspace: &str,
        flavour: Flavour,
        create: bool,
    ) -> Result<(), ConnectError> {
        let mut missing = self.check_columns(session, keyspace).await?;
        if missing.is_none() {
            missing = self.check_index(session, keyspace).await?;
        }
        if let Some(error) = missing {
            if !create {
                return Err(error);
            }
            for statement in self.ddl(keyspace) {
                run(session, &statement).await?;
            }
            // Whoever made it: another process may have been quicker, with other code.
            for missing in
                [self.check_columns(session, keyspace).await?, self.check_index(session, keyspace).await?]
            {
                missing.map_or(Ok(()), Err)?;
            }
        }
        self.check_options(session, keyspace, flavour).await
    }

    /// The error that says it is missing, if it is.
    async fn check_columns(
        &self,
        session: &Session,
        keyspace: &str,
    ) -> Result<Option<ConnectError>, ConnectError> {
        const SELECT: &str = "SELECT column_name, type, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?";
        let mut found: Vec<(String, String, String)> =
            rows_of(session, SELECT, (keyspace, &self.name)).await?;
        if found.is_empty() {
            return Ok(Some(ConnectError::NoSuchTable {
                table: self.full(keyspace),
                ddl: self.text(keyspace),
            }));
        }
        found.sort();
        match misfit(self.columns, &found) {
            None => Ok(None),
            Some(reason) => Err(ConnectError::UnfitTable {
                table: self.full(keyspace),
                reason,
                remedy: format!("use another keyspace, or a table that is made so:\n{}", self.text(keyspace)),
            }),
        }
    }

    async fn check_index(
        &self,
        session: &Session,
        keyspace: &str,
    ) -> Result<Option<ConnectError>, ConnectError> {
        const SELECT: &str =
            "SELECT options FROM system_schema.indexes WHERE keyspace_name = ? AND table_name = ?";
        let Some(column) = self.index else { return Ok(None) };
        type Options = std::collections::BTreeMap<String, String>;
        let found: Vec<(Options,)> = rows_of(session, SELECT, (keyspace, &self.name)).await?;
        let is_there =
            found.iter().any(|(options,)| options.get("target").is_some_and(|target| target == column));
        let missing = || ConnectError::UnfitTable {
            table: self.full(keyspace),
            reason: format!("its column `{column}` has no index"),
            remedy: format!("run what is missing of:\n{}", self.text(keyspace)),
        };
        Ok((!is_there).then(missing))
    }

    /// Rows must never expire, and every commit must reach the change log.
    async fn check_options(
        &self,
        session: &Session,
        keyspace: &str,
        flavour: Flavour,
    ) -> Result<(), ConnectError> {
        const TTL: &str = "SELECT default_time_to_live FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?";
        const CDC: &str = "SELECT cdc FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?";
        let full = self.full(keyspace);
        let ttl: Vec<(Option<i32>,)> = rows_of(session, TTL, (keyspace, &self.name)).await?;
        if let Some(ttl) = ttl.into_iter().find_map(|(ttl,)| ttl).filter(|ttl| *ttl != 0) {
            return Err(ConnectError::UnfitTable {
                reason: format!(
                    "its rows expire after {ttl} s, and a stale writer could put others in their place"
                ),
                remedy: format!("run: ALTER TABLE {full} WITH default_time_to_live = 0"),
                table: full,
            });
        }
        if !self.captured {
            return Ok(());
        }
        let (captured, on) = match flavour {
            Flavour::Cassandra => {
                let cdc: Vec<(Option<bool>,)> = rows_of(session, CDC, (keyspace, &self.name)).await?;
                (cdc.contains(&(Some(true),)), "true")
            }
            // ScyllaDB keeps a log table beside a table whose changes it captures.
            Flavour::Scylla => {
                let log = format!("{}_scylla_cdc_log", self.name);
                let found: Vec<(Option<i32>,)> = rows_of(session, TTL, (keyspace, &log)).await?;
                (!found.is_empty(), "{'enabled': true}")
            }
        };
        if captured {
            return Ok(());
        }
        Err(ConnectError::UnfitTable {
            reason: "its changes are not captured, so no listener would see them".to_owned(),
            remedy: format!("run: ALTER TABLE {full} WITH cdc = {on}"),
            table: full,
        })
    }

    fn full(&self, keyspace: &str) -> String {
        format!("{keyspace}.{}", self.name)
    }

    fn text(&self, keyspace: &str) -> String {
        self.ddl(keyspace).join(";\n")
    }
}

/// What is wrong with the columns that were found. One too many is, too: a writer who knows of it left something
/// there that this program would not keep.
fn misfit(wanted: Columns, found: &[(String, String, String)]) -> Option<String> {
    for (name, r#type, kind) in found {
        match wanted.iter().find(|(wanted, ..)| wanted == name) {
            Some((_, wanted, its_kind)) if wanted == r#type && its_kind == kind => {}
            Some((_, wanted, its_kind)) => {
                return Some(format!(
                    "its column `{name}` is a {kind} `{type}`, and has to be a {its_kind} `{wanted}`"
                ));
            }
            None => return Some(format!("it has a column `{name}` that this program does not know")),
        }
    }
    let missing = wanted.iter().find(|(name, ..)| !found.iter().any(|(found, ..)| found == name));
    missing.map(|(name, ..)| format!("it has no column `{name}`"))
}

/// Checks the tables of a category, and makes what is missing if that was asked for.
pub(crate) async fn ensure_category(
    session: &Session,
    keyspace: &str,
    category: &str,
    flavour: Flavour,
    create: bool,
) -> Result<(), ConnectError> {
    for table in [Table::events(category, flavour), Table::snapshots(category)] {
        table.ensure(session, keyspace, flavour, create).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Table> {
        vec![
            Table::events("account", Flavour::Cassandra),
            Table::snapshots("account"),
            Table::settings(),
            Table::view("balances"),
            Table::offsets(),
            Table::dead_letters(),
        ]
    }

    /// The columns that are looked for are those that are made.
    #[test]
    fn what_is_made_is_what_is_checked() {
        for table in all() {
            let lines = table.body.lines().filter(|line| !line.contains("PRIMARY KEY"));
            let mut made: Vec<_> =
                lines.filter_map(|line| line.trim().trim_end_matches(',').split_once(' ')).collect();
            made.sort_unstable();
            let checked: Vec<_> = table.columns.iter().map(|(name, r#type, _)| (*name, *r#type)).collect();
            assert_eq!(made, checked, "{}", table.name);
        }
    }

    #[test]
    fn each_flavour_has_its_own_cdc_option() {
        let ddl = |flavour| Table::events("account", flavour).text("bank");
        assert!(ddl(Flavour::Cassandra).starts_with("CREATE TABLE IF NOT EXISTS bank.account_events ("));
        assert!(ddl(Flavour::Cassandra).ends_with("cdc = true"));
        assert!(ddl(Flavour::Scylla).ends_with("cdc = {'enabled': true}"));
        assert!(!Table::snapshots("account").text("bank").contains("cdc"));
    }

    #[test]
    fn every_misfit_is_named() {
        let wanted: Columns = &[("a", "text", "partition_key"), ("b", "blob", "regular")];
        let column =
            |name: &str, r#type: &str, kind: &str| (name.to_owned(), r#type.to_owned(), kind.to_owned());
        let (a, b) = (column("a", "text", "partition_key"), column("b", "blob", "regular"));
        assert_eq!(misfit(wanted, &[a.clone(), b.clone()]), None);
        let says = |found: &[_]| misfit(wanted, found).unwrap_or_default();
        assert!(says(std::slice::from_ref(&a)).contains("no column `b`"));
        assert!(says(&[a.clone(), column("b", "text", "regular")]).contains("has to be a regular `blob`"));
        assert!(
            says(&[column("a", "text", "clustering"), b.clone()])
                .contains("has to be a partition_key `text`")
        );
        assert!(says(&[a, b, column("c", "int", "static")]).contains("`c`"));
    }
}
