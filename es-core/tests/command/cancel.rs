use super::*;
use futures_util::future::join_all;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Waker},
};

/// Polls at most `times`, with room for others in between; `None` if it was not done by then.
async fn poll_times<F: Future + Unpin>(future: &mut F, times: usize) -> Option<F::Output> {
    for _ in 0..times {
        if let Some(output) = poll_immediate(&mut *future).await {
            return Some(output);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// Drops a command after each number of polls; `others` of that many wait behind it. Says how many polls it
/// takes to the end.
async fn dropped_everywhere(others: u64, cached: bool, fault: fn() -> Fault) -> usize {
    for polls in 0.. {
        let store = FaultyStore::new();
        // Time does not pass while something can run.
        let at_once = ConflictPolicy { first_pause: Duration::ZERO, ..ConflictPolicy::default() };
        let app = App::builder(store.clone()).conflicts(at_once).start().await.unwrap();
        let mut due = Vec::new();
        if cached {
            ask(&app, add(1)).await.unwrap();
            due.push(1);
        }
        store.yielding(2);
        if polls > 0 {
            store.then(fault());
        }
        let command = add(2).yielding(2).with_id(uuid(2));
        let mut dropped = Box::pin(ask(&app, command));
        let early = poll_times(&mut dropped, polls.min(1)).await;
        let waiting = join_all((10..10 + others).map(|n| ask(&app, add(n))));
        let mut waiting = Box::pin(waiting);
        let _ = poll_immediate(&mut waiting).await;
        let finished = match early {
            Some(reply) => Some(reply),
            None => poll_times(&mut dropped, polls.saturating_sub(1)).await,
        };
        drop(dropped);
        for (n, done) in (10..).zip(soon(waiting).await) {
            assert_eq!(done.unwrap().events, [Fact::Added(n)], "dropped after {polls} polls");
        }
        soon(ask(&app, add(99))).await.unwrap();
        let entries = stored(&store, "a").await;
        let dropped = entries.iter().filter(|n| **n == 2).count();
        assert!(dropped <= 1, "{entries:?} after {polls} polls");
        due.extend((10..10 + others).chain([99]));
        let kept: Vec<_> = entries.into_iter().filter(|n| *n != 2).collect();
        assert_eq!(kept, due, "dropped after {polls} polls");
        // Sent again, it is done exactly once.
        let again = soon(ask(&app, add(2).with_id(uuid(2)))).await.unwrap();
        assert_eq!(again.duplicate, dropped == 1);
        if let Some(reply) = finished {
            assert!(reply.is_err() || dropped == 1);
            return polls;
        }
    }
    unreachable!()
}

#[tokio::test(start_paused = true)]
async fn a_command_dropped_anywhere_holds_nobody_up_and_is_never_half_done() {
    for others in [0, 1, 5] {
        for cached in [false, true] {
            let polls = dropped_everywhere(others, cached, || Fault::Pass).await;
            assert!(polls > 4, "it was to wait more often than {polls} times");
            dropped_everywhere(others, cached, || Fault::Conflict).await;
            dropped_everywhere(others, cached, || Fault::UnknownStored).await;
            dropped_everywhere(others, cached, || Fault::Unavailable).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_is_not_cancelled() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    drop(sent(ask(&app, add(1))).await);
    store.release();
    assert_eq!(soon(ask(&app, look())).await.unwrap_err().to_string(), "[1]");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_waits_is_dropped_without_harm_to_the_others() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(1))).await;
    let second = sent(ask(&app, add(2))).await;
    let third = sent(ask(&app, add(3))).await;
    drop(second);
    drop(leader);
    store.release();
    let third = soon(third).await.unwrap();
    let entries = stored(&store, "a").await;
    assert_eq!(entries.last(), Some(&3));
    assert_eq!(third.version, entries.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_not_polled_holds_nobody_up() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let unpolled = sent(ask(&app, add(1))).await;
    store.release();
    assert_eq!(soon(ask(&app, add(2))).await.unwrap().version, 2);
    assert_eq!(unpolled.await.unwrap().version, 1);
}

type Kept = Arc<Mutex<Vec<Pin<Box<dyn Future<Output = ()> + Send>>>>>;

/// Sends one more command whenever one is decided.
fn endless(app: App, count: Arc<AtomicU64>, kept: Kept) -> Do {
    rule(move |_| {
        if count.fetch_add(1, Ordering::SeqCst) < 5_000 {
            let (next, app) = (endless(app.clone(), count.clone(), kept.clone()), app.clone());
            let mut next: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
                ask(&app, next).await.unwrap();
            });
            assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            kept.lock().unwrap().push(next);
        }
        Ok(vec![Fact::Added(1)])
    })
}

#[tokio::test]
async fn a_reply_leaves_although_commands_never_cease_to_come() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    let (count, kept) = (Arc::default(), Arc::default());
    ask(&app, endless(app.clone(), Arc::clone(&count), Arc::clone(&kept))).await.unwrap();
    assert!(count.load(Ordering::SeqCst) < 100, "it had to wait for the commands of others");
}

#[test]
fn a_runtime_that_ends_answers_those_who_wait_and_blocks_nobody() {
    let store = FaultyStore::new();
    let execute = |app: App, n| async move { app.execute(&id(), add(n)).await };
    let runtime = runtime();
    let (app, leader, waiting) = runtime.block_on(async {
        let app = app(&store).await;
        store.hold();
        (app.clone(), sent(execute(app.clone(), 1)).await, sent(execute(app, 2)).await)
    });
    drop(runtime);
    self::runtime().block_on(async {
        for error in [soon(leader).await, soon(waiting).await].map(Result::unwrap_err) {
            assert!(matches!(error, ExecuteError::OutcomeUnknown { source: None, .. }), "{error:?}");
        }
        store.release();
        soon(ask(&app, add(3))).await.unwrap();
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}
