use crate::{ConnectError, error::MOST_NAME};

/// How many replicas a new keyspace has, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replication {
    /// So many, without regard to datacenters (`SimpleStrategy`): for one of them, and for tests.
    Simple(u8),
    /// So many in each of these datacenters (`NetworkTopologyStrategy`).
    Datacenters(Vec<(String, u8)>),
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

/// A projection's name may have characters that a table's may not. Two names may come to one table: its rows know
/// which projection they belong to.
pub(crate) fn view_table(projection: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    format!("view_{}", projection.chars().map(plain).collect::<String>())
}

/// The longest name of a table.
const MOST_TABLE: usize = 48;

/// Whether the table of a projection can have that name.
pub(crate) fn check_view_name(projection: &str) -> Result<(), ConnectError> {
    if view_table(projection).len() <= MOST_TABLE {
        Ok(())
    } else {
        Err(ConnectError::LongProjection(projection.to_owned()))
    }
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
    fn a_projection_has_a_table() {
        assert_eq!(view_table("by-owner.v2"), "view_by_owner_v2");
        assert_eq!(view_table("byOwner; DROP"), "view_byowner__drop");
    }

    #[test]
    fn replication_is_quoted() {
        let two = Replication::Datacenters(vec![("dc'1".to_owned(), 3), ("dc2".to_owned(), 2)]);
        let ddl = keyspace_ddl("bank", &two);
        assert!(ddl.ends_with("{'class': 'NetworkTopologyStrategy', 'dc''1': 3, 'dc2': 2}"), "{ddl}");
    }
}
