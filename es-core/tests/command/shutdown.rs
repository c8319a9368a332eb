//! Commands that are on their way when the App is shut down, and those that come later.

use super::*;

#[tokio::test(start_paused = true)]
async fn commands_on_their_way_are_waited_for_and_later_ones_refused() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let sending = sent(ask(&app, add(1))).await;
    let waiting = sent(ask(&app, add(2))).await;
    let gone = sent(ask(&app, add(3))).await;
    drop(gone);
    let mut end = sent(app.shutdown()).await;
    let late = soon(ask(&app, add(4))).await.unwrap_err();
    assert!(matches!(late, ExecuteError::Stopped), "{late:?}");
    assert!(poll_immediate(&mut end).await.is_none(), "nothing is stored yet");
    store.release();
    soon(end).await;
    assert_eq!(stored(&store, "a").await, [1, 2, 3]);
    assert_eq!((soon(sending).await.unwrap().version, soon(waiting).await.unwrap().version), (1, 2));
    soon(app.shutdown()).await;
}

/// What the store does not say is a typed error, with the id under which the next process can ask again.
#[tokio::test(start_paused = true)]
async fn what_became_of_each_is_known_or_said_to_be_unknown() {
    for (fault, left) in
        [(Fault::UnknownStored, vec![1]), (Fault::Unavailable, vec![]), (Fault::Conflict, vec![1])]
    {
        let store = FaultyStore::new();
        let app = app(&store).await;
        let is_unknown = matches!(fault, Fault::UnknownStored);
        let is_done = matches!(fault, Fault::Conflict);
        store.then(fault);
        store.hold();
        let sending = sent(ask(&app, add(1).with_id(uuid(1)))).await;
        let end = sent(app.shutdown()).await;
        store.release();
        soon(end).await;
        assert_eq!(stored(&store, "a").await, left);
        match soon(sending).await {
            Ok(done) => assert!(is_done && done.version == 1),
            Err(ExecuteError::OutcomeUnknown { command_id, .. }) => {
                assert!(is_unknown && command_id == uuid(1));
                let next = super::app(&store.another()).await;
                let again = soon(ask(&next, add(1).with_id(uuid(1)))).await.unwrap();
                assert!(again.duplicate);
            }
            Err(error) => assert!(matches!(error, ExecuteError::Append(_)) && !is_unknown, "{error:?}"),
        }
    }
}

/// A handler that panics ends its command, which nobody waits for any longer.
#[tokio::test(start_paused = true)]
async fn a_command_that_panics_does_not_keep_it() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let sending = sent(ask(&app, add(1))).await;
    let panics = sent(ask(&app, rule(|_| panic!("on purpose")))).await;
    let end = sent(app.shutdown()).await;
    store.release();
    soon(end).await;
    soon(sending).await.unwrap();
    let error = soon(panics).await.unwrap_err();
    assert!(matches!(error, ExecuteError::HandlerPanicked { .. }), "{error:?}");
}

/// From every thread at once: each command is acknowledged and stored, or refused and not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shutdown_among_many_senders_loses_nothing() {
    for _ in 0..20 {
        let store = FaultyStore::new();
        let app = app(&store).await;
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let app = app.clone();
                tokio::spawn(async move {
                    let mut done = 0;
                    loop {
                        match app.execute(&format!("s{sender}"), add(1)).await {
                            Ok(_) => done += 1,
                            Err(ExecuteError::Stopped) => return done,
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                })
            })
            .collect();
        store.arrived(20).await;
        app.shutdown().await;
        let mut lengths = Vec::new();
        for sender in 0..8 {
            lengths.push(stored(&store, &format!("s{sender}")).await.len());
        }
        for (sender, length) in senders.into_iter().zip(lengths) {
            assert_eq!(sender.await.unwrap(), length, "nothing was stored after it had ended");
        }
    }
}
