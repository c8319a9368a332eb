use super::*;
use es_core::handler::LoadError;

fn panicking() -> Do {
    rule(|_| panic!("a handler's mistake"))
}

fn is_panic(error: &ExecuteError<Refused>, text: &str) -> bool {
    matches!(error, ExecuteError::HandlerPanicked { message, .. } if message.contains(text))
}

#[tokio::test]
async fn of_a_handler_is_an_error_of_its_command() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    let error = ask(&app, panicking()).await.unwrap_err();
    assert_eq!(error.to_string(), "a handler of ledger/a panicked: a handler's mistake");
    ask(&app, add(1)).await.unwrap();
    assert!(is_panic(&ask(&app, panicking().yielding(2)).await.unwrap_err(), "mistake"));
    assert_eq!(stored(&store, "a").await, [1]);
}

#[tokio::test]
async fn of_any_kind_leave_the_others_of_the_group_alone() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(1))).await;
    let unwritable = || emit(vec![Fact::Added(50), Fact::Unwritable]);
    let explosive = || emit(vec![Fact::Added(51), Fact::Explosive]);
    let poison = || emit(vec![Fact::Added(52), Fact::Poison]);
    let all = vec![
        panicking(),
        add(2),
        unwritable(),
        explosive(),
        poison(),
        add(3),
        poison(),
        panicking(),
        poison(),
        add(4),
        unwritable(),
        explosive(),
        look(),
    ];
    let all = all.into_iter().map(|command| ask(&app, command));
    let all = sent(futures_util::future::join_all(all)).await;
    store.calls();
    store.release();
    leader.await.unwrap();
    let mut replies = soon(all).await;
    assert_eq!(replies.pop().unwrap().unwrap_err().to_string(), "[1, 2, 3, 4]");
    for (at, reply) in replies.into_iter().enumerate() {
        match (at, reply) {
            (1, Ok(done)) => assert_eq!((done.version, done.events), (2, vec![Fact::Added(2)])),
            (5, Ok(done)) => assert_eq!((done.version, done.events), (3, vec![Fact::Added(3)])),
            (9, Ok(done)) => assert_eq!((done.version, done.events), (4, vec![Fact::Added(4)])),
            (0 | 7, Err(error)) => assert!(is_panic(&error, "a handler's mistake"), "{error}"),
            (2 | 10, Err(error)) => {
                assert!(matches!(error, ExecuteError::Encode { .. }));
                assert!(error.to_string().contains("not today"), "{error}");
            }
            (3 | 11, Err(error)) => assert!(is_panic(&error, "boom"), "{error}"),
            (4 | 6 | 8, Err(error)) => assert!(is_panic(&error, "poison"), "{error}"),
            (at, other) => panic!("{at}: {other:?}"),
        }
    }
    assert_eq!(store.calls(), [Call::Append(2)]);
    assert_eq!(stored(&store, "a").await, [1, 2, 3, 4]);
}

/// An event has happened once it is stored: what its `Apply` does is the state's trouble, not the event's.
#[tokio::test]
async fn of_an_apply_concern_the_state_after_its_event() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, add(1)).await.unwrap();
    let poison = || emit(vec![Fact::Poison]).with_id(uuid(2));
    let done = ask(&app, poison()).await.unwrap();
    assert_eq!((done.version, done.duplicate), (2, false));
    for _ in 0..2 {
        match ask(&app, poison()).await.unwrap_err() {
            ExecuteError::Load(error) => {
                let LoadError::ApplyPanicked { stream: s, sequence: 2, message } = &*error else {
                    panic!("{error:?}")
                };
                assert_eq!((s, &**message), (&stream(), "panicked: poison"));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(app.load::<Ledger>(&id()).await, Err(LoadError::ApplyPanicked { sequence: 2, .. })));
    assert_eq!(store.commits("a").await.len(), 2, "not stored twice");
    app.execute(&"b".to_owned(), add(1)).await.unwrap();
}
