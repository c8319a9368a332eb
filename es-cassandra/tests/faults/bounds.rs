//! What is never sent.

use es_core::{
    app::App,
    handler::ExecuteError,
    store::{AppendError, EventStore, Limits, Version},
};

use super::{Both, PATIENCE, proxy::Kind};
use crate::{
    commits::{commit, stream},
    ledger::{Do, Fact, Ledger, add},
};

/// One command whose events are over the limit is told so before anything leaves; others go on.
#[tokio::test]
async fn an_oversized_commit_is_refused_before_it_is_sent() {
    let both = Both::with_timeout("oversized", PATIENCE, PATIENCE).await;
    let (app, id) = (App::builder(both.store.clone()).start().await.unwrap(), "a".to_owned());
    let Limits { commit_bytes, commit_events } = both.store.limits();
    assert_eq!((commit_bytes, commit_events), (512 << 10, 16), "half a megabyte, and a bucket");
    app.execute(&id, add(1)).await.unwrap();
    both.proxy.calm();
    for size in [commit_bytes, 1_500_000, 20_000_000] {
        match app.execute(&id, Do::<0, 0>::Emit(vec![Fact::Padding(size)])).await {
            Err(ExecuteError::TooLarge(error)) => {
                assert!(error.to_string().contains("524288 bytes"), "{error}");
            }
            other => panic!("{size}: {other:?}"),
        }
    }
    let many = vec![Fact::Added(2); 17];
    let outcome = app.execute(&id, Do::<0, 0>::Emit(many)).await;
    assert!(matches!(outcome, Err(ExecuteError::TooLarge(_))), "{outcome:?}");
    let outcome = both.store.append(commit(&Version::EMPTY, &stream("b"), 17)).await;
    assert!(matches!(outcome, Err(AppendError::TooLarge { events: 17, .. })), "{outcome:?}");
    assert_eq!(both.proxy.count(Kind::Insert).requests, 0);
    app.execute(&id, Do::<0, 0>::Emit(vec![Fact::Padding(commit_bytes - 300)])).await.unwrap();
    assert_eq!(app.load::<Ledger>(&id).await.unwrap().version, 2);
}
