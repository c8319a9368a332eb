use std::{sync::Arc, time::Duration};

use scylla::{
    client::session::Session,
    policies::{load_balancing::LoadBalancingPolicy, retry::FallthroughRetryPolicy},
    statement::{Consistency, SerialConsistency, prepared::PreparedStatement},
};

use super::LwtRouting;
use crate::{ConnectError, Replication, schema::Server};

/// A session, and how to use it.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) session: Arc<Session>,
    pub(crate) server: Server,
    /// With which replication a missing keyspace is made, if what is missing is made at all.
    pub(crate) create: Option<Replication>,
    pub(crate) request_timeout: Duration,
    pub(crate) settle_within: Duration,
}

impl Connection {
    /// A statement that may be sent again, and that sees every acknowledged write.
    pub(crate) async fn prepare(&self, statement: String) -> Result<PreparedStatement, ConnectError> {
        let prepared = self.session.prepare(statement.as_str()).await;
        let mut prepared =
            prepared.map_err(|source| ConnectError::Statement { statement, source: Box::new(source) })?;
        prepared.set_consistency(Consistency::Quorum);
        prepared.set_request_timeout(Some(self.request_timeout));
        prepared.set_is_idempotent(true);
        Ok(prepared)
    }

    /// A lightweight transaction. What became of one that failed is for its caller to find out, not for the driver.
    pub(crate) async fn prepare_lwt(&self, statement: String) -> Result<PreparedStatement, ConnectError> {
        let mut prepared = self.prepare(statement).await?;
        let routing: Arc<dyn LoadBalancingPolicy> = Arc::new(LwtRouting::default());
        prepared.set_serial_consistency(Some(SerialConsistency::Serial));
        prepared.set_load_balancing_policy(Some(routing));
        prepared.set_is_idempotent(false);
        prepared.set_retry_policy(Some(Arc::new(FallthroughRetryPolicy::new())));
        Ok(prepared)
    }

    /// A read of what lightweight transactions have decided, which finishes those that were begun.
    pub(crate) async fn prepare_serial(&self, statement: String) -> Result<PreparedStatement, ConnectError> {
        let mut prepared = self.prepare(statement).await?;
        let routing: Arc<dyn LoadBalancingPolicy> = Arc::new(LwtRouting::default());
        prepared.set_consistency(Consistency::Serial);
        prepared.set_load_balancing_policy(Some(routing));
        Ok(prepared)
    }
}
