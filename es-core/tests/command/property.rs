//! Random scripts of commands from two processes over a store that fails at random.

use super::*;
use es_core::store::EventStore;
use futures_util::future::join_all;
use proptest::prelude::*;
use std::collections::HashMap;

/// With snapshots.
type Kept = Do<4, 1>;

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Pass,
    Conflict,
    Unavailable,
    UnknownStored,
    UnknownLost,
    UnknownLate,
}

#[derive(Clone, Debug)]
struct Step {
    /// Which process.
    second: bool,
    /// Which command: the id says what it does.
    command: u64,
    /// Dropped after so many polls.
    patience: Option<usize>,
}

/// What became of the tries of one command.
#[derive(Debug, Default)]
struct Tries {
    /// The versions of its acknowledgements, and how many of them were not a duplicate's.
    versions: Vec<u64>,
    first_time: usize,
    unknown: usize,
}

/// The events of a command.
fn facts(command: u64) -> Vec<u64> {
    (0..1 + command % 3).map(|n| command * 10 + n).collect()
}

/// Commands that are multiples of four refuse when the ledger's length is odd, the others always write.
fn command(command: u64) -> Kept {
    Kept::new(move |entries| match command.is_multiple_of(4) && entries.len() % 2 == 1 {
        true => Err(Refused(format!("{entries:?}"))),
        false => Ok(facts(command).into_iter().map(Fact::Added).collect()),
    })
    .yielding(command as usize % 2)
}

fn trouble() -> impl Strategy<Value = Trouble> {
    use Trouble::*;
    prop_oneof![
        6 => Just(Pass),
        1 => Just(Conflict),
        1 => Just(Unavailable),
        1 => Just(UnknownStored),
        1 => Just(UnknownLost),
        1 => Just(UnknownLate),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let patience = prop_oneof![3 => Just(None), 1 => (0usize..12).prop_map(Some)];
    (any::<bool>(), 1u64..16, patience).prop_map(|(second, command, patience)| Step {
        second,
        command,
        patience,
    })
}

fn meet(store: &FaultyStore, troubles: &[Trouble]) {
    for trouble in troubles {
        store.then(match trouble {
            Trouble::Pass => Fault::Pass,
            Trouble::Conflict => Fault::Conflict,
            Trouble::Unavailable => Fault::Unavailable,
            Trouble::UnknownStored => Fault::UnknownStored,
            Trouble::UnknownLost => Fault::UnknownLost,
            Trouble::UnknownLate => Fault::UnknownLate,
        });
    }
}

/// Sends a command; `None` when it was dropped on the way.
async fn send(
    app: &App,
    aggregate: &str,
    step: &Step,
) -> Option<Result<Committed<Ledger<4, 1>>, ExecuteError<Refused>>> {
    let envelope = command(step.command).with_id(uuid(step.command.into()));
    let id = aggregate.to_owned();
    let mut future = Box::pin(app.execute(&id, envelope));
    let Some(patience) = step.patience else { return Some(future.await) };
    for _ in 0..patience {
        if let Some(reply) = poll_immediate(&mut future).await {
            return Some(reply);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// Runs the batches one after the other, the steps of each at once, on aggregates by turns.
async fn run(batches: Vec<Vec<Step>>, troubles: [Vec<Trouble>; 2], yields: usize, room: usize) {
    let store = FaultyStore::new();
    let other = store.another();
    let mut apps = Vec::new();
    for (store, troubles) in [&store, &other].into_iter().zip(&troubles) {
        meet(store, troubles);
        store.yielding(yields);
        apps.push(App::builder(store.clone()).cached_aggregates(room).start().await.unwrap());
    }
    let mut tries: HashMap<(&str, u64), Tries> = HashMap::new();
    let mut refusals = Vec::new();
    for batch in &batches {
        let steps = batch.iter().enumerate().map(|(at, step)| {
            let aggregate = ["a", "b"][at % 2];
            let reply = send(&apps[usize::from(step.second)], aggregate, step);
            async move { (aggregate, step.command, reply.await) }
        });
        let known: Vec<_> = tries.iter().filter(|(_, t)| !t.versions.is_empty()).map(|(k, _)| *k).collect();
        for (aggregate, command, reply) in soon(join_all(steps)).await {
            let tries = tries.entry((aggregate, command)).or_default();
            match reply {
                Some(Ok(done)) => {
                    assert_eq!(done.events, facts(command).into_iter().map(Fact::Added).collect::<Vec<_>>());
                    tries.versions.push(done.version);
                    tries.first_time += usize::from(!done.duplicate);
                }
                Some(Err(ExecuteError::OutcomeUnknown { command_id, .. })) => {
                    assert_eq!(command_id, uuid(command.into()));
                    tries.unknown += 1;
                }
                None => tries.unknown += 1,
                Some(Err(ExecuteError::Append(_) | ExecuteError::Contended { .. })) => {}
                Some(Err(ExecuteError::Rejected(Refused(seen)))) => {
                    let known = known.iter().filter(|(of, _)| *of == aggregate).map(|(_, command)| *command);
                    refusals.push((aggregate, seen, known.collect::<Vec<_>>()));
                }
                Some(Err(error)) => panic!("{error:?}"),
            }
        }
    }
    // All that was dropped on its way comes to its end, and what is late lands.
    tokio::time::sleep(Duration::from_secs(10)).await;
    store.land_late().await;
    other.land_late().await;
    for aggregate in ["a", "b"] {
        let entries = stored(&store, aggregate).await;
        for ((_, command), tries) in tries.iter().filter(|((of, _), _)| *of == aggregate) {
            let facts = facts(*command);
            let places: Vec<_> =
                entries.windows(facts.len()).enumerate().filter(|(_, w)| *w == facts).collect();
            let found = entries.iter().filter(|n| facts.contains(n)).count();
            assert_eq!(found, places.len() * facts.len(), "{command} is in pieces: {entries:?}");
            assert!(places.len() <= 1, "{command} is there twice: {entries:?}");
            assert!(tries.first_time <= 1, "{command}: {tries:?}");
            match places.first() {
                Some((at, _)) => {
                    let version = (at + facts.len()) as u64;
                    assert!(tries.versions.iter().all(|v| *v == version), "{command}: {tries:?} {entries:?}");
                    assert!(tries.first_time == 1 || tries.unknown > 0, "{command}: {tries:?}");
                }
                None => assert!(tries.versions.is_empty(), "{command}: {tries:?} {entries:?}"),
            }
        }
        for (_, seen, known) in refusals.iter().filter(|(of, ..)| *of == aggregate) {
            let real = (0..=entries.len()).map(|n| &entries[..n]).find(|e| format!("{e:?}") == **seen);
            let Some(real) = real else { panic!("{seen} never was the state on the way to {entries:?}") };
            let stale = known.iter().find(|command| !real.contains(&facts(**command)[0]));
            assert_eq!(stale, None, "{seen} was stale: {known:?} were acknowledged before");
        }
        let length = entries.len();
        let due: Vec<u64> =
            tries.keys().filter(|(of, _)| *of == aggregate).flat_map(|(_, c)| facts(*c)).collect();
        assert!(entries.iter().all(|n| due.contains(n)), "nobody sent that: {entries:?}");
        // What the processes think is what a fold of the stream gives.
        for app in &apps {
            let look = Kept::new(|entries| Err(Refused(format!("{entries:?}"))));
            let seen = soon(app.execute(&aggregate.to_owned(), look)).await.unwrap_err();
            assert_eq!(seen.to_string(), format!("{entries:?}"));
            let loaded = app.load::<Ledger<4, 1>>(&aggregate.to_owned()).await.unwrap();
            assert_eq!((loaded.version, loaded.state.entries.len()), (length as u64, length));
        }
        let head = store.memory.head(&StreamId::new("ledger", aggregate)).await.unwrap();
        assert_eq!(head.last_sequence(), length as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn the_stream_is_what_was_acknowledged(
        batches in proptest::collection::vec(proptest::collection::vec(step(), 1..10), 1..8),
        ours in proptest::collection::vec(trouble(), 0..20),
        theirs in proptest::collection::vec(trouble(), 0..20),
        yields in 0usize..3,
        room in 0usize..3,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(batches, [ours, theirs], yields, room));
    }
}
