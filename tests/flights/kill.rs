//! The example is killed at random moments, and run again.

use std::{
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    process::Stdio,
    time::Duration,
};

use serde_json::json;

use super::{Count, Example, assert_agrees, sample};

const KILLS: u64 = 10;
/// So many have to hit a process that was in the midst of it.
const HITS: usize = 5;
const SIGKILL: i32 = 9;
/// How often the example says how far it is, in commands.
const REPORTS: u64 = 50;

/// A random number below `end`.
fn random(end: u64) -> u64 {
    RandomState::new().hash_one(end) % end
}

/// What a killed process had said.
#[derive(Debug)]
struct Killed {
    /// By the signal, rather than at its end before that came.
    hit: bool,
    commands: u64,
    /// Of the commands that were done for the first time.
    events: u64,
}

/// Reads `1000 commands: 640 events, 360 duplicates`.
fn said(line: &str) -> (u64, u64) {
    let numbers: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers.len(), 3, "{line}");
    (numbers[0], numbers[1])
}

/// Runs it until `commands` commands are done, and kills it a random moment later.
fn kill_after(example: Example, commands: u64) -> Killed {
    let mut command = example.into_command();
    command.arg("--report-every").arg(REPORTS.to_string()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (mut killed, mut sent) = (Killed { hit: false, commands: 0, events: 0 }, false);
    // Also what it said before the signal came. Lines of two tasks may come in another order than counted.
    for line in lines {
        let (now, events) = said(&line.unwrap());
        killed.commands = killed.commands.max(now);
        killed.events = killed.events.max(events);
        if !sent && now >= commands {
            std::thread::sleep(Duration::from_micros(random(20_000)));
            child.kill().unwrap();
            sent = true;
        }
    }
    killed.hit = child.wait().unwrap().signal() == Some(SIGKILL);
    killed
}

/// Ten kills, each some way further into the file: in the end there is what there would be without them.
#[test]
fn killed_at_any_moment_and_run_again_nothing_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("killed.db");
    let count = Count::of(&sample());
    let (all, part) = (count.commands(), count.commands() / (KILLS + 1));

    let killed: Vec<_> =
        (0..KILLS).map(|n| kill_after(Example::new(&db), (n * part + random(part)).max(REPORTS))).collect();
    let midway = killed.iter().filter(|killed| killed.hit && killed.commands < all);
    assert!(midway.count() >= HITS, "too few kills hit a process at work: {killed:?}");

    let last = Example::new(&db).report();
    assert_agrees(&last, &count);
    let undisturbed = Example::new(&folder.path().join("undisturbed.db")).report();
    for what in ["aircraft_logs", "carriers", "routes", "rows", "commands"] {
        assert_eq!(last[what], undisturbed[what], "{what}");
    }
    let (events, duplicates) = (last["events"].as_u64().unwrap(), last["duplicates"].as_u64().unwrap());
    assert_eq!(events + duplicates, all);
    let acknowledged: u64 = killed.iter().map(|killed| killed.events).sum();
    assert!(
        duplicates >= acknowledged,
        "{acknowledged} were acknowledged, {duplicates} are there: {killed:?}"
    );

    let again = Example::new(&db).report();
    assert_eq!((&again["events"], &again["duplicates"]), (&json!(0), &json!(all)));
}
