use super::*;
use crate::{
    command::CommandExt,
    event::{Codec, CommandMetadata},
    repository::ApplyError,
};
use bank::*;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

#[allow(unreachable_pub, reason = "doc tests include the same file at the root of a crate")]
mod bank {
    // Doc tests know this crate by its name.
    extern crate self as es_core;
    include!("bank.rs");
}

/// The message of the panic that `run` must end in.
fn panics<T>(run: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(run)).err().expect("a wrong expectation passed");
    crate::panic_message(&*panic)
}

fn opened() -> Opened {
    Opened { owner: "Ann".into() }
}

fn with_five() -> Given<'static, Account> {
    given((opened(), Deposited { amount: 5 }))
}

#[test]
fn right_expectations_pass() {
    let outcome = with_five().when_now(Withdraw { amount: 3 }).then_events(Withdrawn { amount: 3 });
    assert_eq!(outcome.state().balance, 2);
    assert_eq!(outcome.events().len(), 1);
    with_five().when_now(Withdraw { amount: 0 }).then_nothing();
    let refused = with_five().when_now(Withdraw { amount: 9 });
    let refused = refused.then_refused(AccountError::Insufficient { balance: 5 });
    refused.then_error(|e| matches!(e, AccountError::Insufficient { .. }));
    given::<Account>(()).when_now(Open { owner: "Ann".into() }).then_events(opened());
    given::<Account>(opened()).when_now(Open { owner: "Ann".into() }).then_already_exists();
}

#[test]
fn other_events_fail_with_a_difference() {
    let message = panics(|| {
        with_five().when_now(Withdraw { amount: 3 }).then_events((opened(), Withdrawn { amount: 4 }))
    });
    let lines = [
        "(- expected, + got)",
        "- account.opened {\"owner\":\"Ann\"}",
        "- account.withdrawn {\"amount\":4}",
        "+ account.withdrawn {\"amount\":3}",
    ];
    assert!(lines.iter().all(|line| message.contains(line)), "{message}");
    panics(|| with_five().when_now(Withdraw { amount: 3 }).then_nothing());
    panics(|| with_five().when_now(Withdraw { amount: 0 }).then_events(Withdrawn { amount: 0 }));
}

#[test]
fn a_refusal_where_events_were_expected_names_both() {
    let message =
        panics(|| with_five().when_now(Withdraw { amount: 9 }).then_events(Withdrawn { amount: 9 }));
    assert!(
        message.contains("only 5 left") && message.contains("account.withdrawn {\"amount\":9}"),
        "{message}"
    );
    panics(|| with_five().when_now(Withdraw { amount: 9 }).then_nothing());
    panics(|| with_five().when_now(Withdraw { amount: 9 }).events().len());
}

#[test]
fn other_refusals_fail() {
    let other = AccountError::Insufficient { balance: 4 };
    let message = panics(|| with_five().when_now(Withdraw { amount: 9 }).then_refused(other));
    assert!(message.contains("balance: 4") && message.contains("balance: 5"), "{message}");
    panics(|| with_five().when_now(Withdraw { amount: 9 }).then_error(|_| false));
    let message = panics(|| with_five().when_now(Withdraw { amount: 3 }).then_error(|_| true));
    assert!(message.contains("content") && message.contains("account.withdrawn"), "{message}");
    panics(|| with_five().when_now(Withdraw { amount: 9 }).then_already_exists());
    panics(|| given::<Account>(()).when_now(Open { owner: "Ann".into() }).then_already_exists());
    panics(|| given::<Account>(opened()).when_now(Open { owner: "Ann".into() }).then_events(opened()));
}

#[test]
fn only_the_middle_of_a_difference_is_marked() {
    let lines = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let difference = stored::difference(&lines(&["a", "b", "d"]), &lines(&["a", "c", "d"])).unwrap();
    assert_eq!(difference, "(- expected, + got)\n    a\n  - b\n  + c\n    d\n");
    let repeated = stored::difference(&lines(&["a", "a"]), &lines(&["a"])).unwrap();
    assert_eq!(repeated, "(- expected, + got)\n    a\n  - a\n");
    assert_eq!(stored::difference(&lines(&["a"]), &lines(&["a"])), None);
}

mod unreadable {
    use super::*;
    use crate::{
        aggregate::Aggregate,
        command::{Command, CommandContext, Decide},
        event::{DecodeError, EncodeError, EventSet},
    };
    use serde::{Deserialize, Serialize};

    #[derive(Default, Serialize, Deserialize)]
    pub(super) struct Skipping {
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        amount: u8,
    }
    #[derive(Default)]
    pub(super) struct Notes;
    impl EventSet for Skipping {
        fn name(&self) -> &'static str {
            "notes.taken"
        }
        fn version(&self) -> u32 {
            1
        }
        fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
            codec.encode(self, out)
        }
        fn decode(name: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
            let read: Result<Self, String> = codec.decode(bytes);
            // As an upcaster that loses something would.
            let lossy = read.map(|e| Self { amount: e.amount.min(100), ..e });
            lossy.map_err(|reason| DecodeError::Malformed { name: name.into(), version, codec, reason })
        }
    }
    impl crate::aggregate::IntoEvents<Notes> for Skipping {
        fn into_events(self, out: &mut Vec<Skipping>) {
            out.push(self);
        }
    }
    impl Aggregate for Notes {
        type Id = uuid::Uuid;
        type Event = Skipping;
        const CATEGORY: &'static str = "notes";
        fn apply_event(&mut self, _: &Skipping) {}
        fn fork(&self) -> Self {
            Self
        }
    }
    struct Take;
    impl Command for Take {
        type Aggregate = Notes;
        type Error = std::fmt::Error;
    }
    impl Decide<u8> for Take {
        async fn decide(
            &self,
            _: &Notes,
            cx: &CommandContext<Notes>,
            amount: &u8,
        ) -> Result<Vec<Skipping>, std::fmt::Error> {
            let note = cx.metadata().header_value("note").map(str::to_owned);
            Ok(vec![Skipping { note, amount: *amount }])
        }
    }

    #[test]
    fn an_event_that_cannot_be_read_back_fails_in_the_history() {
        let message = panics(|| given::<Notes>(Skipping::default()));
        assert!(message.contains("`notes.taken`") && message.contains("never read again"), "{message}");
    }

    #[test]
    fn an_event_that_comes_back_as_another_fails() {
        let message = panics(|| given::<Notes>(Skipping { note: Some("n".into()), amount: 200 }));
        assert!(message.contains("comes back from json as something else"), "{message}");
    }

    #[test]
    fn an_event_that_cannot_be_read_back_fails_as_an_outcome() {
        let outcome = given::<Notes>(()).services(&7).when_now(Take);
        let message = panics(|| outcome.then_nothing());
        assert!(message.contains("never read again"), "{message}");
    }

    #[test]
    fn services_and_metadata_reach_the_handler() {
        let note = CommandMetadata::default().header("note", "n");
        let outcome = given::<Notes>(()).services(&7).when_now(Take.with_metadata(note));
        outcome.then_events(Skipping { note: Some("n".into()), amount: 7 });
    }
}

#[test]
fn a_handler_that_waits_needs_a_runtime_and_says_so() {
    struct Slow;
    impl crate::command::Command for Slow {
        type Aggregate = Account;
        type Error = AccountError;
    }
    impl crate::command::Decide<()> for Slow {
        async fn decide(
            &self,
            _: &Account,
            _: &crate::command::CommandContext<Account>,
            _: &(),
        ) -> Result<Vec<AccountEvent>, AccountError> {
            std::future::pending().await
        }
    }
    assert!(panics(|| with_five().when_now(Slow)).contains("tokio::test"));
}

#[test]
fn rows_come_of_the_real_path() {
    let title = CommandMetadata::default().header("title", "Dr. ");
    let bank = given_projection(Balances)
        .event("b", Opened { owner: "Bob".into() })
        .metadata(title)
        .at(SystemTime::UNIX_EPOCH + Duration::from_micros(7_500))
        .event("a", opened())
        .event("a", Deposited { amount: 5 })
        .event("a", Withdrawn { amount: 1 })
        .event("a", Deposited { amount: 2 });
    let at = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(7));
    assert_eq!(bank.row("a"), Some(Balance { owner: "Dr. Ann".into(), balance: 7, seen: 4, at }));
    assert_eq!(bank.row("c"), None);
    let keys: Vec<_> = bank.rows().into_iter().map(|(key, row)| (key, row.seen)).collect();
    assert_eq!(keys, [("a".to_owned(), 4), ("b".to_owned(), 1)]);
    assert!(bank.failure().is_none());
}

#[test]
fn a_handler_that_fails_is_a_typed_error_and_stops_the_test() {
    let bank = given_projection(Balances).event("a", opened()).event("a", Deposited { amount: 13 });
    let bank = bank.event("a", Deposited { amount: 1 });
    match bank.failure() {
        Some(ApplyError::Event { sequence: 2, retry: true, source, .. }) => {
            assert_eq!(source.to_string(), "an unlucky amount")
        }
        other => panic!("{other:?}"),
    }
    assert!(panics(|| bank.row("a")).contains("an unlucky amount"));
    panics(|| bank.rows());
}
