//! What senders are told while requests fail at random.

use std::time::Duration;

use es_core::app::App;

use super::{Both, random::Random, workload::app};
use crate::history::assert_linearizable;

/// No fault makes a reply untrue: neither an acknowledgement nor a refusal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_processes_do_under_faults_is_linearizable() {
    let short = Duration::from_millis(1500);
    let both = Both::new("linear", short).await;
    let other =
        both.proxy.store(&both.keyspace).category("ledger").request_timeout(short).settle_within(short);
    let apps = [app(&both.store).await, app(&other.connect().await.unwrap()).await];
    let judge = App::builder(both.direct.clone()).start().await.unwrap();
    let mut random = Random::seeded();
    both.proxy.plan(move |request| random.fate(request));
    assert_linearizable(apps, judge, async || both.proxy.calm()).await;
    both.proxy.release().await;
}
