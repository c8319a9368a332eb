//! Replies that write nothing, with another process at work.

use es_core::{app::App, handler::ExecuteError};

use crate::{
    cluster::Keyspace,
    ledger::{Do, Refused, add},
};

async fn app(keyspace: &Keyspace) -> App {
    let store = keyspace.store().category("ledger").bucket_size(16).connect().await.unwrap();
    App::builder(store).start().await.unwrap()
}

/// A refusal, and a command that changes nothing, are decided on what the other process has just written, however
/// recent the cached state is.
#[tokio::test]
async fn no_reply_rests_on_a_stale_cache() {
    let keyspace = Keyspace::fresh("stale");
    let (writer, reader, id) = (app(&keyspace).await, app(&keyspace).await, "a".to_owned());
    let mut entries = Vec::new();
    for n in 1..=60 {
        assert_eq!(writer.execute(&id, add(n)).await.unwrap().version, n);
        entries.push(n);
        if n % 2 == 0 {
            match reader.execute(&id, Do::<0, 0>::Look).await {
                Err(ExecuteError::Rejected(Refused(seen))) => assert_eq!(seen, entries),
                other => panic!("{other:?}"),
            }
        } else {
            assert_eq!(reader.execute(&id, Do::<0, 0>::Nothing).await.unwrap().version, n);
        }
    }
}
