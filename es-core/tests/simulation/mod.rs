//! Whole Apps, several at once over the same backends, in a world in which everything happens in an order and at
//! times that are drawn from a seed: calls fail before and after their effects, processes die and freeze, the feed
//! repeats, reorders and loses. Each seed ends with a check of all that is promised.
//!
//! `ES_SIMULATION_SEEDS` says how many seeds are run, or which (`17..18`); a seed that fails prints how to run it
//! again, and what happened last.

mod bank;
mod chaos;
mod check;
mod client;
mod dice;
mod feed;
mod host;
mod lab;
mod plant;
mod run;
mod store;
mod subscription;
mod trace;
mod views;
mod world;

use std::{
    ops::Range,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use plant::Plant;
use run::{Ended, run};

const SEEDS: &str = "ES_SIMULATION_SEEDS";
/// Without that variable.
const DEFAULT: u64 = 300;
/// Within so many seeds, each mistake on purpose is found.
const FOUND_WITHIN: u64 = 300;

fn wanted() -> Range<u64> {
    let number = |text: &str| text.trim().parse::<u64>().expect("a number of seeds, or from..to");
    match std::env::var(SEEDS).ok() {
        None => 0..DEFAULT,
        Some(text) => match text.split_once("..") {
            Some((from, to)) => number(from)..number(to),
            None => 0..number(&text),
        },
    }
}

/// The first of the seeds that breaks a promise.
fn first_broken(seeds: Range<u64>, plant: Option<Plant>) -> Option<Ended> {
    let (next, found) = (AtomicU64::new(seeds.start), Mutex::<Option<Ended>>::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            let earlier = found.lock().unwrap().as_ref().is_some_and(|found| found.seed < seed);
            if seed >= seeds.end || earlier {
                return;
            }
            let ended = run(seed, plant);
            if ended.broken.is_some() {
                let mut found = found.lock().unwrap();
                if found.as_ref().is_none_or(|found| ended.seed < found.seed) {
                    *found = Some(ended);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn every_promise_holds_whatever_the_seed() {
    let (seeds, began) = (wanted(), Instant::now());
    let count = seeds.end - seeds.start;
    if let Some(ended) = first_broken(seeds, None) {
        panic!("{ended}");
    }
    println!("{count} seeds, {:.0} a second", count as f64 / began.elapsed().as_secs_f64());
}

/// Otherwise a seed says nothing.
#[test]
fn the_same_seed_does_the_same() {
    for seed in 1000..1020 {
        let (first, second) = (run(seed, None).trace, run(seed, None).trace);
        if let Some(place) = first.parts_at(&second) {
            first.before((place + 1).min(first.len()), 40).for_each(|entry| println!("{entry}"));
            println!("or else:");
            second.before((place + 1).min(second.len()), 1).for_each(|entry| println!("{entry}"));
            panic!("seed {seed} is not the same again from call {place} on");
        }
        assert!(first.hash() != run(seed + 1, None).trace.hash(), "seeds {seed} and {}", seed + 1);
    }
}

const TRACES: Range<u64> = 2000..2010;

/// In another process, where addresses and hashes are others.
#[test]
fn the_same_seed_does_the_same_in_another_process() {
    let me = std::env::current_exe().unwrap();
    let test = "simulation::traces_for_another_process";
    let output = Command::new(me).args([test, "--exact", "--ignored", "--nocapture"]).output().unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    let theirs: Vec<_> = theirs.lines().filter(|line| line.starts_with("trace ")).collect();
    assert_eq!(theirs, TRACES.map(trace_of).collect::<Vec<_>>());
}

#[test]
#[ignore = "prints for the test above"]
fn traces_for_another_process() {
    TRACES.for_each(|seed| println!("\n{}", trace_of(seed)));
}

fn trace_of(seed: u64) -> String {
    let trace = run(seed, None).trace;
    format!("trace {seed}: {} {:016x}", trace.len(), trace.hash())
}

macro_rules! is_found { ($($test:ident $plant:ident)*) => { $(
    #[test]
    fn $test() {
        let found = first_broken(0..FOUND_WITHIN, Some(Plant::$plant));
        let found = found.expect("a mistake on purpose is found");
        println!("{:?}: seed {}: {}", Plant::$plant, found.seed, found.broken.unwrap_or_default());
    }
)* } }

is_found! {
    finds_a_repository_that_ignores_the_expected_checkpoint BlindCheckpoint
    finds_checkpoints_saved_apart_from_their_rows CheckpointApart
    finds_offsets_saved_before_their_rows OffsetsFirst
    finds_a_store_that_overwrites Overwrites
    finds_a_store_that_lets_both_writers_win LoserWins
    finds_a_store_that_calls_an_unknown_outcome_a_failure UnknownIsFailure
    finds_a_store_without_what_the_feed_has_lost EmptyReads
    finds_a_store_with_stale_reads StaleReads
    finds_a_store_whose_heads_are_no_better_than_its_reads HeadsAreReads
    finds_a_feed_that_loses_and_is_trusted LossyFeed
    finds_a_sender_that_changes_ids AnotherId
}
