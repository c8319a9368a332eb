use super::*;
use futures_util::future::join_all;

/// Room for one aggregate, or none: slots are evicted while their commands are on the way, so that one
/// aggregate has several in one process.
async fn crowded(store: &FaultyStore, room: usize) -> App {
    App::builder(store.clone()).cached_aggregates(room).start().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn commands_in_flight_for_evicted_aggregates_are_all_done_once() {
    for room in [0, 1, 3] {
        let store = FaultyStore::new();
        let app = crowded(&store, room).await;
        store.yielding(1);
        let all = (0..200u64).map(|n| {
            let command = add(n).yielding(n as usize % 3).with_id(uuid(u128::from(n) + 1));
            let (app, id) = (app.clone(), format!("{}", n % 5));
            async move { app.execute(&id, command).await.map(|done| (n, done)) }
        });
        let mut replies = Vec::new();
        for reply in soon(join_all(all.map(tokio::spawn))).await {
            replies.push(reply.unwrap().unwrap());
        }
        for aggregate in 0..5 {
            let entries = stored(&store, &aggregate.to_string()).await;
            let acknowledged = replies.iter().filter(|(n, _)| n % 5 == aggregate);
            let mut due: Vec<_> = acknowledged.map(|(n, done)| (done.version, *n)).collect();
            due.sort_unstable();
            assert_eq!(due, (1..).zip(entries).collect::<Vec<_>>());
            assert_eq!(due.len(), 40);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn several_slots_of_one_aggregate_answer_truly() {
    let store = FaultyStore::new();
    let app = crowded(&store, 0).await;
    ask(&app, add(1)).await.unwrap();
    store.hold();
    // Each loads for itself, and each append is meant for the second place.
    let first = sent(ask(&app, add(2).with_id(uuid(2)))).await;
    let twin = sent(ask(&app, add(2).with_id(uuid(2)))).await;
    let third = sent(ask(&app, add(3))).await;
    store.arrived(4).await;
    store.release();
    let (first, twin, third) = (first.await.unwrap(), twin.await.unwrap(), third.await.unwrap());
    assert_eq!((first.version, first.duplicate), (2, false));
    assert_eq!((twin.version, twin.duplicate), (2, true));
    assert_eq!((third.version, third.duplicate), (3, false));
    assert_eq!(stored(&store, "a").await, [1, 2, 3]);
    assert_eq!(ask(&app, look()).await.unwrap_err().to_string(), "[1, 2, 3]");
}
