//! What each node says of itself.

use std::{collections::BTreeMap, time::Duration};

use scylla::{
    client::session::Session,
    errors::ExecutionError,
    policies::load_balancing::{NodeIdentifier, SingleTargetLoadBalancingPolicy},
    response::query_result::QueryResult,
    statement::{Consistency, unprepared::Statement},
};

use crate::{ConnectError, schema};

const SELECT: &str = "SELECT name, value FROM system_views.settings";
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Settings by name; some have no value.
pub(super) type Settings = BTreeMap<String, Option<String>>;

/// By node.
pub(super) struct Asked {
    pub(super) answers: BTreeMap<String, Settings>,
    pub(super) silent: BTreeMap<String, String>,
}

/// Asks every node: the table shows only the settings of the one that answers.
pub(super) async fn settings(session: &Session) -> Result<Asked, ConnectError> {
    let mut asked = Asked { answers: BTreeMap::new(), silent: BTreeMap::new() };
    let mut failure: Option<ExecutionError> = None;
    for node in session.get_cluster_state().get_nodes_info() {
        let mut statement = Statement::new(SELECT);
        let target = NodeIdentifier::HostId(node.host_id);
        statement.set_load_balancing_policy(Some(SingleTargetLoadBalancingPolicy::new(target, None)));
        statement.set_consistency(Consistency::One);
        statement.set_request_timeout(Some(ANSWER_WITHIN));
        let name = node.address.to_string();
        match session.query_unpaged(statement, ()).await {
            Ok(result) => {
                asked.answers.insert(name, read(result)?);
            }
            Err(error) => {
                asked.silent.insert(name, error.to_string());
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(error) if asked.answers.is_empty() => Err(schema::failed(SELECT, error)),
        _ => Ok(asked),
    }
}

fn read(result: QueryResult) -> Result<Settings, ConnectError> {
    let rows = result.into_rows_result().map_err(|source| schema::malformed(SELECT, source))?;
    let rows = rows.rows::<(String, Option<String>)>().map_err(|source| schema::malformed(SELECT, source))?;
    rows.collect::<Result<_, _>>().map_err(|source| schema::malformed(SELECT, source))
}
