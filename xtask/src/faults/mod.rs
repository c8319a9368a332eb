//! `cargo xtask faults`: load over the whole pipeline while parts of it are killed, frozen and cut off, and a judgement.
//!
//! The load, the listeners and the judge are processes of the package `es-faults`. What is done here is to start
//! them, to do the harm, and to say whether the run proved anything.

mod dice;
mod kind;
mod nemesis;
mod report;
mod wire;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;

use crate::stack::{CASSANDRA, Part, Pipeline, Stack, Wanted, postgres};
pub(crate) use kind::Kind;
use nemesis::Nemesis;
use wire::Wire;

const LOADED_WITHIN: Duration = Duration::from_secs(180);
const SET_UP_WITHIN: Duration = Duration::from_secs(180);
const LAST_COMMITS: Duration = Duration::from_secs(2);

/// What to do.
pub(crate) struct Options {
    pub(crate) wanted: Wanted,
    pub(crate) seconds: u64,
    pub(crate) seed: u64,
    pub(crate) kinds: Vec<Kind>,
    /// A mistake on purpose, in the application's processes.
    pub(crate) plant: Option<String>,
    /// How many seconds the views have to show everything in the end.
    pub(crate) patience: u64,
}

impl Options {
    /// All kinds of faults.
    pub(crate) fn all(wanted: Wanted, seconds: u64, seed: u64) -> Self {
        Self { wanted, seconds, seed, kinds: Kind::all(wanted), plant: None, patience: 300 }
    }
}

/// Runs it on a stack that it starts where it does not run. The servers go on; the application's processes end.
///
/// # Errors
///
/// When a promise was broken, when nothing was put to the test, and when a part could not be started.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let stack = Stack::of(root);
    let run = Run::new(&stack, root, options)?;
    let result = run.go();
    // Whatever happened, nobody is left asleep, and nobody goes on sending.
    let stopped = run.stop();
    let report = result?;
    stopped?;
    report.judge()
}

/// One run.
struct Run<'a> {
    stack: &'a Stack,
    options: &'a Options,
    /// Of the keyspace, the schema, and the folder.
    name: String,
    folder: PathBuf,
    program: PathBuf,
    wires: BTreeMap<Part, Wire>,
}

impl<'a> Run<'a> {
    fn new(stack: &'a Stack, root: &Path, options: &'a Options) -> Result<Self, String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name = format!("faults_{}", now.as_millis());
        let folder = stack.application(options.wanted).join("runs").join(&name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        // A copy: what is built meanwhile is not what was started.
        let (built, program) = (Stack::target(root).join("debug/faults"), folder.join("faults"));
        fs::copy(&built, &program).map_err(|error| format!("{}: {error}", built.display()))?;
        let doors = options.wanted.doors().into_iter();
        let wires = doors.map(|(part, door)| Ok((part, Wire::new(door.outside, door.inside)?)));
        let wires = wires.collect::<Result<_, String>>()?;
        Ok(Self { stack, options, name, folder, program, wires })
    }

    fn go(&self) -> Result<report::Report, String> {
        let Options { wanted, seconds, seed, ref kinds, .. } = *self.options;
        // A run that was interrupted leaves servers cut off.
        self.join_all()?;
        self.stack.up(wanted)?;
        self.finish(self.command("set-up", &[]), SET_UP_WITHIN)?;
        let agents: Vec<_> = (1..=wanted.nodes).map(Part::Agent).collect();
        for agent in &agents {
            // Only an agent that starts now is sure to have heard of the new tables; see docs/pipeline.md.
            if let Some(running) = self.stack.find(wanted, agent)? {
                running.stop()?;
            }
            self.stack.start(wanted, agent)?;
        }
        let mut parts = self.applications();
        for application in &parts {
            self.stack.start(wanted, application)?;
        }
        self.wait_until_loaded()?;
        parts.extend([Part::Postgres, Part::Broker]);
        parts.extend((1..=wanted.nodes).map(Part::Node).chain(agents));
        let begin = Instant::now();
        let nemesis = Nemesis::new(self.stack, wanted, parts, &self.wires);
        let done = nemesis.rage(kinds, seed, Duration::from_secs(seconds))?;
        println!("{:6.1} s: all is healed", begin.elapsed().as_secs_f64());
        let (load, listeners): (Vec<_>, Vec<_>) = self.applications().into_iter().partition(is_load);
        for application in &load {
            if let Some(running) = self.stack.find(wanted, application)? {
                running.stop()?;
            }
        }
        // Once more, while the last commits arrive: what is lost then no later commit brings to light.
        std::thread::sleep(LAST_COMMITS);
        for application in &listeners {
            if let Some(running) = self.stack.find(wanted, application)? {
                running.kill()?;
            }
            self.stack.start(wanted, application)?;
        }
        // The judge has patience with the views, with what is sent again, with the other halves of transfers, and
        // with the rows.
        let within = Duration::from_secs(5 * self.options.patience + 120);
        let patience = self.options.patience.to_string();
        let judged = self.finish(self.command("check", &["--patience", &patience]), within)?;
        let judged: Value = serde_json::from_str(judged.trim()).map_err(|e| format!("`{judged}`: {e}"))?;
        let report = report::Report::new(self.options, begin.elapsed(), done, judged);
        let file = self.folder.join("report.json");
        fs::write(&file, report.text()).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("{}", report.text());
        println!("histories and the report are in {}", self.folder.display());
        Ok(report)
    }

    fn applications(&self) -> Vec<Part> {
        let application = |command: &str, number: u8| {
            let name = format!("{command}{number}");
            let command = if command == "listener" { "listener" } else { "commands" };
            let mut arguments = vec![command.to_owned()];
            arguments.extend(self.arguments(true));
            arguments.extend(["--name".to_owned(), name.clone()]);
            if let Some(plant) = &self.options.plant {
                arguments.extend(["--plant".to_owned(), plant.clone()]);
            }
            Part::Application { name, program: self.program.clone(), arguments }
        };
        [1, 2].into_iter().flat_map(|n| [application("listener", n), application("commands", n)]).collect()
    }

    /// Where everything is: behind wires for those who are put to the test, and not for who judges.
    fn arguments(&self, wired: bool) -> Vec<String> {
        let wanted = self.options.wanted;
        let outside = |wanted_part: fn(&Part) -> bool| {
            let doors = wanted.doors().into_iter().filter(|(part, _)| wanted_part(part));
            doors.map(|(_, door)| door.outside.to_string()).collect::<Vec<_>>().join(",")
        };
        let [hosts, brokers, postgres] = if wired {
            let postgres = outside(|part| *part == Part::Postgres);
            [
                outside(|part| matches!(part, Part::Node(_))),
                outside(|part| *part == Part::Broker),
                postgres::url_at(&postgres),
            ]
        } else {
            [wanted.hosts().join(","), wanted.brokers(), postgres::url()]
        };
        let pairs = [
            ("--hosts", hosts),
            ("--brokers", brokers),
            ("--postgres", postgres),
            ("--run", self.name.clone()),
            ("--folder", self.folder.display().to_string()),
            ("--seed", self.options.seed.to_string()),
        ];
        pairs.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }

    fn command(&self, name: &str, more: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(name).args(self.arguments(false)).args(more);
        command
    }

    /// Runs a process to its end, and ends it when that does not come. What it printed.
    fn finish(&self, mut command: Command, within: Duration) -> Result<String, String> {
        let told = |error: std::io::Error| format!("{}: {error}", self.program.display());
        let begin = Instant::now();
        let printed = self.folder.join("printed");
        let file = fs::File::create(&printed).map_err(told)?;
        let mut child = command.stdin(Stdio::null()).stdout(file).spawn().map_err(told)?;
        let status = loop {
            match child.try_wait().map_err(told)? {
                Some(status) => break status,
                None if begin.elapsed() > within => {
                    child.kill().map_err(told)?;
                    return Err(format!("{command:?} did not end within {within:?}"));
                }
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        };
        if !status.success() {
            return Err(format!("{command:?} ended with {status}"));
        }
        fs::read_to_string(&printed).map_err(told)
    }

    /// Harm does not begin before commits arrive in views: else it might be that nothing is harmed.
    fn wait_until_loaded(&self) -> Result<(), String> {
        let begin = Instant::now();
        let has_applied = |line: &str| {
            let counts: Option<Value> = serde_json::from_str(line).ok();
            counts.is_some_and(|counts| counts["applied"].as_u64().is_some_and(|applied| applied > 0))
        };
        while begin.elapsed() < LOADED_WITHIN {
            let files = fs::read_dir(self.folder.join("status")).into_iter().flatten().flatten();
            let mut texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
            if texts.any(|text| text.lines().any(has_applied)) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let logs = self.stack.application(self.options.wanted);
        Err(format!("no commit came to a view within {LOADED_WITHIN:?}; see the logs in {}", logs.display()))
    }

    fn join_all(&self) -> Result<(), String> {
        let wanted = self.options.wanted;
        let nodes = (1..=wanted.nodes).filter(|_| wanted.nodes > 1).map(Part::Node);
        let mut parts = nodes.chain((1..=wanted.nodes).map(Part::Agent));
        parts.try_for_each(|part| self.stack.join_again(wanted, &part))
    }

    /// Ends the application's processes, wakes whoever is asleep, and joins whoever is cut off.
    fn stop(&self) -> Result<(), String> {
        let wanted = self.options.wanted;
        for server in self.stack.running()? {
            server.wake()?;
        }
        self.join_all()?;
        for part in self.applications() {
            if let Some(running) = self.stack.find(wanted, &part)? {
                running.stop()?;
            }
        }
        fs::remove_file(&self.program).map_err(|error| format!("{}: {error}", self.program.display()))
    }
}

fn is_load(part: &Part) -> bool {
    matches!(part, Part::Application { name, .. } if name.starts_with("commands"))
}

/// The stack of such a run. A node that is killed forgets what it has acknowledged since its last sync: what it alone
/// has must be synced before that. So must everything where power is cut.
pub(crate) const fn wanted(nodes: u8, connect: bool) -> Wanted {
    let pipeline = if connect { Pipeline::Connect } else { Pipeline::Standalone };
    let wanted = Wanted::cassandra(CASSANDRA[0], nodes).with(pipeline).with_cuts();
    if nodes == 1 { wanted.synced() } else { wanted }
}
