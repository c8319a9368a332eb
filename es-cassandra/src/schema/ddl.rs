use crate::{ConnectError, error::MOST_NAME};

/// How many replicas a new keyspace has, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replication {
    /// So many, without regard to datacenters: for one of them, and for tests.
    Simple(u8),
    /// So many in each of these datacenters.
    Datacenters(Vec<(String, u8)>),
}

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Cassandra,
    Scylla,
}

/// Names go into statements, where nothing can be bound in their place.
pub(crate) fn check_name(name: &str) -> Result<(), ConnectError> {
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|c| c.is_ascii_lowercase());
    let goes_on = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if begins && goes_on && name.len() <= MOST_NAME {
        Ok(())
    } else {
        Err(ConnectError::BadName(name.to_owned()))
    }
}

pub(crate) fn events_table(category: &str) -> String {
    format!("{category}_events")
}

pub(crate) fn snapshots_table(category: &str) -> String {
    format!("{category}_snapshots")
}

pub(crate) fn keyspace_ddl(keyspace: &str, replication: &Replication) -> String {
    let options = match replication {
        Replication::Simple(replicas) => {
            format!("'class': 'SimpleStrategy', 'replication_factor': {replicas}")
        }
        Replication::Datacenters(list) => {
            let each =
                list.iter().map(|(name, replicas)| format!(", '{}': {replicas}", name.replace('\'', "''")));
            format!("'class': 'NetworkTopologyStrategy'{}", each.collect::<String>())
        }
    };
    format!("CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {{{options}}}")
}

pub(crate) fn settings_ddl(keyspace: &str) -> String {
    format!("CREATE TABLE IF NOT EXISTS {keyspace}.es_settings ({})", include_str!("settings.cql").trim())
}

/// The tables of one category.
pub(crate) fn table_ddl(keyspace: &str, category: &str, flavour: Flavour) -> [String; 2] {
    let cdc = match flavour {
        Flavour::Cassandra => "true",
        Flavour::Scylla => "{'enabled': true}",
    };
    [
        format!(
            "CREATE TABLE IF NOT EXISTS {keyspace}.{} ({}) WITH CLUSTERING ORDER BY (sequence DESC) AND cdc = {cdc}",
            events_table(category),
            include_str!("events.cql").trim()
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {keyspace}.{} ({})",
            snapshots_table(category),
            include_str!("snapshots.cql").trim()
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_be_more_than_a_name_are_refused() {
        for good in ["account", "a", "order_line2"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let long = "a".repeat(MOST_NAME + 1);
        for bad in ["", "Account", "2a", "_a", "a-b", "a b", "a;", "a.b", "é", &long] {
            assert!(matches!(check_name(bad), Err(ConnectError::BadName(name)) if name == bad), "{bad}");
        }
    }

    #[test]
    fn each_flavour_has_its_own_cdc_option() {
        let [events, snapshots] = table_ddl("bank", "account", Flavour::Cassandra);
        assert!(
            events.starts_with("CREATE TABLE IF NOT EXISTS bank.account_events (")
                && events.ends_with("cdc = true")
        );
        assert!(
            snapshots.starts_with("CREATE TABLE IF NOT EXISTS bank.account_snapshots (")
                && !snapshots.contains("cdc")
        );
        let [events, _] = table_ddl("bank", "account", Flavour::Scylla);
        assert!(events.ends_with("cdc = {'enabled': true}"), "{events}");
    }

    #[test]
    fn replication_is_quoted() {
        let two = Replication::Datacenters(vec![("dc'1".to_owned(), 3), ("dc2".to_owned(), 2)]);
        let ddl = keyspace_ddl("bank", &two);
        assert!(ddl.ends_with("{'class': 'NetworkTopologyStrategy', 'dc''1': 3, 'dc2': 2}"), "{ddl}");
    }
}
