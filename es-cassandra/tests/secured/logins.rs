//! Who may come in, and what they may do.

use std::sync::Arc;

use es_cassandra::ConnectError;
use es_core::{
    event::{Codec, CommandMetadata, FrameBuilder},
    store::{Commit, EventStore, StreamId, Version},
    testing::conformance::Note,
};
use uuid::Uuid;

use super::{made, opening, root};
use crate::cluster::{Keyspace, clean_up, fresh, hosts, replication, session};

#[tokio::test]
async fn whoever_knows_the_password_comes_in() {
    let (keyspace, (user, password)) = (made().await, root());
    opening(hosts(), &keyspace).user(user, password).connect().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_host_out_of_reach() {
    let (keyspace, (user, _)) = (made().await, root());
    for (user, password) in [(user.as_str(), "wrong"), ("nobody", "wrong")] {
        let error = opening(hosts(), &keyspace).user(user, password).connect().await.unwrap_err();
        assert!(
            matches!(&error, ConnectError::LoginRefused { user: Some(named), .. } if named == user),
            "{error:?}"
        );
        assert!(error.to_string().contains("password") && !error.to_string().contains("wrong"), "{error}");
    }
}

#[tokio::test]
async fn nobody_comes_in_without_a_name() {
    let keyspace = made().await;
    let error = opening(hosts(), &keyspace).connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::LoginRefused { user: None, .. }), "{error:?}");
    assert!(error.to_string().contains(".user(name, password)"), "{error}");
}

/// A user who may read and write in one keyspace, and change no schema. Gone when this is.
struct Clerk(String);

async fn run(statement: String) {
    session().await.query_unpaged(statement, ()).await.unwrap();
}

impl Clerk {
    const PASSWORD: &str = "clerk's";

    async fn of(keyspace: &Keyspace) -> Self {
        let name = fresh("clerk");
        run(format!("CREATE ROLE {name} WITH PASSWORD = 'clerk''s' AND LOGIN = true")).await;
        for right in ["SELECT", "MODIFY"] {
            run(format!("GRANT {right} ON KEYSPACE {} TO {name}", keyspace.0)).await;
        }
        Self(name)
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        clean_up(format!("DROP ROLE {}", self.0));
    }
}

/// What is there is looked at, not made: who may not make anything can open with `create_if_missing`, too, and work.
#[tokio::test]
async fn who_may_not_change_schemas_opens_what_is_there() {
    let keyspace = made().await;
    let clerk = Clerk::of(&keyspace).await;
    let builder = opening(hosts(), &keyspace).user(&clerk.0, Clerk::PASSWORD);
    let store = builder.create_if_missing(replication()).connect().await.unwrap();
    // The report says what it may not look at, and what would change that.
    let report = store.report().await.unwrap();
    assert_eq!((report.silent.len(), report.findings.len()), (hosts().len(), 0));
    assert!(
        report.silent.values().all(|why| why.contains("GRANT SELECT ON system_views.settings")),
        "{report:?}"
    );
    run(format!("GRANT SELECT ON system_views.settings TO {}", clerk.0)).await;
    assert_eq!(store.report().await.unwrap().findings.len(), 6);

    let note = Note { key: "a".to_owned(), amount: 1 };
    let mut frame = FrameBuilder::new(Codec::Json);
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), &[note]).unwrap();
    let stream = StreamId::new("account", "a");
    let commit = Arc::new(Commit::following(&Version::EMPTY, stream.clone(), Codec::Json, frame));
    store.append(commit.clone()).await.unwrap();
    assert_eq!(store.head(&stream).await.unwrap(), commit.version());
}

#[tokio::test]
async fn what_one_may_not_do_is_named() {
    let keyspace = made().await;
    let clerk = Clerk::of(&keyspace).await;
    let builder = opening(hosts(), &keyspace).user(&clerk.0, Clerk::PASSWORD).category("invoice");
    let error = builder.create_if_missing(replication()).connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Statement { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("invoice_events") && text.contains(&clerk.0), "{text}");
}
