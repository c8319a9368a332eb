//! Which node coordinates a lightweight transaction.

use std::{sync::Arc, time::Duration};

use scylla::{
    cluster::{ClusterState, NodeRef},
    errors::RequestAttemptError,
    policies::load_balancing::{DefaultPolicy, FallbackPlan, LoadBalancingPolicy, RoutingInfo},
    routing::Shard,
};

/// Sends the lightweight transactions of one partition to one replica, as long as that is up.
///
/// The driver knows these statements only by a mark that ScyllaDB gives them. Apache Cassandra gives none, so
/// that writers of one partition would go to different replicas, whose ballots then fight each other.
#[derive(Debug)]
pub(crate) struct LwtRouting(Arc<dyn LoadBalancingPolicy>);

impl Default for LwtRouting {
    fn default() -> Self {
        Self(DefaultPolicy::builder().build())
    }
}

/// The same request, marked.
fn marked<'a>(request: &'a RoutingInfo<'a>) -> RoutingInfo<'a> {
    let mut marked = request.clone();
    marked.is_confirmed_lwt = true;
    marked
}

/// A node of `cluster` itself: what the inner policy returns lives only as long as the marked request.
fn own<'a>(cluster: &'a ClusterState, node: NodeRef<'_>) -> Option<NodeRef<'a>> {
    cluster.get_nodes_info().iter().find(|own| own.host_id == node.host_id)
}

impl LoadBalancingPolicy for LwtRouting {
    fn pick<'a>(
        &'a self,
        request: &'a RoutingInfo,
        cluster: &'a ClusterState,
    ) -> Option<(NodeRef<'a>, Option<Shard>)> {
        let request = marked(request);
        let (node, shard) = self.0.pick(&request, cluster)?;
        Some((own(cluster, node)?, shard))
    }

    fn fallback<'a>(&'a self, request: &'a RoutingInfo, cluster: &'a ClusterState) -> FallbackPlan<'a> {
        let request = marked(request);
        let plan = self.0.fallback(&request, cluster);
        let nodes: Vec<_> = plan.filter_map(|(node, shard)| Some((own(cluster, node)?, shard))).collect();
        Box::new(nodes.into_iter())
    }

    fn on_request_success(&self, request: &RoutingInfo, latency: Duration, node: NodeRef<'_>) {
        self.0.on_request_success(request, latency, node);
    }

    fn on_request_failure(
        &self,
        request: &RoutingInfo,
        latency: Duration,
        node: NodeRef<'_>,
        error: &RequestAttemptError,
    ) {
        self.0.on_request_failure(request, latency, node, error);
    }

    fn name(&self) -> String {
        format!("LwtRouting({})", self.0.name())
    }
}
