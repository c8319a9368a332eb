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
#[derive(Clone, Debug)]
pub(crate) struct LwtRouting {
    policy: Arc<dyn LoadBalancingPolicy>,
    passed_over: usize,
}

impl Default for LwtRouting {
    fn default() -> Self {
        Self { policy: DefaultPolicy::builder().build(), passed_over: 0 }
    }
}

impl LwtRouting {
    /// The same, but that the first so many nodes come last: the driver counts a node that does not answer as one
    /// that is up, until its connection breaks.
    pub(crate) fn passing_over(&self, nodes: usize) -> Self {
        Self { policy: self.policy.clone(), passed_over: nodes }
    }

    fn plan<'a>(
        &self,
        request: &RoutingInfo,
        cluster: &'a ClusterState,
    ) -> Vec<(NodeRef<'a>, Option<Shard>)> {
        let request = marked(request);
        let first = self.policy.pick(&request, cluster);
        let mut plan: Vec<(NodeRef<'a>, _)> = Vec::new();
        for (node, shard) in first.into_iter().chain(self.policy.fallback(&request, cluster)) {
            let is_new = plan.iter().all(|(known, _)| known.host_id != node.host_id);
            plan.extend(own(cluster, node).filter(|_| is_new).map(|node| (node, shard)));
        }
        let passed_over = self.passed_over.checked_rem(plan.len()).unwrap_or(0);
        plan.rotate_left(passed_over);
        plan
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
        if self.passed_over > 0 {
            return self.plan(request, cluster).into_iter().next();
        }
        let request = marked(request);
        let (node, shard) = self.policy.pick(&request, cluster)?;
        Some((own(cluster, node)?, shard))
    }

    fn fallback<'a>(&'a self, request: &'a RoutingInfo, cluster: &'a ClusterState) -> FallbackPlan<'a> {
        Box::new(self.plan(request, cluster).into_iter())
    }

    fn on_request_success(&self, request: &RoutingInfo, latency: Duration, node: NodeRef<'_>) {
        self.policy.on_request_success(request, latency, node);
    }

    fn on_request_failure(
        &self,
        request: &RoutingInfo,
        latency: Duration,
        node: NodeRef<'_>,
        error: &RequestAttemptError,
    ) {
        self.policy.on_request_failure(request, latency, node, error);
    }

    fn name(&self) -> String {
        format!("LwtRouting({})", self.policy.name())
    }
}
