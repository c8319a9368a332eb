//! All benchmarks in one report.

mod servers;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{
    Error,
    cases::{self, Scale, Section},
    latency::{self, Leg},
    machine::{self, Machine},
    meter::Meter,
    options::Options,
    report::{self, Full, aims},
    rounds::{self, SectionResult},
};

/// What a report needs besides what every benchmark does.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) options: Options,
    /// Where the report is written.
    pub(crate) to: PathBuf,
    /// The peers' program.
    pub(crate) peers: Option<PathBuf>,
    /// Kafka's version: its protocol does not tell.
    pub(crate) kafka: Option<String>,
}

impl Order {
    fn rounds(&self) -> usize {
        self.options.rounds.unwrap_or(if self.options.quick { 1 } else { 5 })
    }

    /// Of points that take long to prepare.
    fn few_rounds(&self) -> usize {
        self.rounds().min(3)
    }
}

/// What has been measured so far.
#[derive(Default)]
struct Measured {
    sections: Vec<SectionResult>,
    legs: Vec<Leg>,
    left_out: Vec<String>,
    /// Whether a part was left out because it went wrong.
    failed: bool,
}

impl Measured {
    /// One part's failure costs the report that part only.
    fn part(&mut self, name: &str, run: impl FnOnce(&mut Self) -> Result<(), Error>) {
        eprintln!("== {name}");
        if let Err(error) = run(self) {
            eprintln!("{name}: {error}");
            self.left_out.push(format!("{name}: it failed: {error}"));
            self.failed = true;
        }
    }

    fn run(&mut self, sections: &[Section], scale: &Scale, rounds: usize) -> Result<(), Error> {
        let results = rounds::run(sections, scale, rounds)?;
        println!("{}", report::table(&results));
        self.sections.extend(results);
        Ok(())
    }
}

/// Measures everything for which there are servers, and writes `report.md`, `report.json` and `report.svg`.
pub(crate) fn run(order: &Order) -> Result<(), Error> {
    fs::create_dir_all(&order.to)?;
    let (started, load_before) = (Instant::now(), machine::load());
    let program = std::env::current_exe()?;
    let (found, mut measured) = (servers::find(&order.options.servers), Measured::default());
    let (scale, folder) = (order.options.scale(), order.options.folder.as_deref());
    measured.part("commands in memory and over SQLite", |measured| {
        measured.run(&sections(order, cases::command(folder)), &scale, order.rounds())
    });
    measured.part("growth", |measured| {
        let databases = cases::Databases::within(folder)?;
        let points = sections(order, cases::growth(&program, &databases, &scale));
        measured.run(&points, &scale, order.few_rounds())
    });
    measured.part("peers", |measured| peers(order, &found, measured));
    on_servers(order, &program, &found, &mut measured);

    let mut versions = machine::versions();
    versions.extend(machine::peers());
    let mut said = found.versions;
    said.extend(order.kafka.clone().filter(|_| found.kafka).map(|version| ("Kafka", version)));
    let short = aims::shortfalls(&measured.sections, &measured.legs);
    let full = Full {
        quick: order.options.quick,
        unoptimized: cfg!(debug_assertions),
        rounds: order.rounds(),
        machine: Machine::this(),
        load_before,
        load_after: machine::load(),
        seconds: started.elapsed().as_secs_f64(),
        versions,
        servers: &said,
        left_out: &measured.left_out,
        sections: &measured.sections,
        legs: &measured.legs,
        untested: aims::untested(&measured.sections, &measured.legs),
        short: &short,
    };
    write(&order.to, &full)?;
    for shortfall in &short {
        println!("short: {}: {}. Why: {}.", shortfall.key, shortfall.what, shortfall.reason);
    }
    println!("{}\nThe report is in {}.", report::summary(&full), order.to.join("report.md").display());
    if measured.failed { Err(measured.left_out.join("; ").into()) } else { Ok(()) }
}

/// Those that were asked for.
fn sections(order: &Order, all: Vec<Section>) -> Vec<Section> {
    match &order.options.only {
        // None of them is in this part.
        Some(only) => cases::only(all, only).unwrap_or_default(),
        None => all,
    }
}

fn peers(order: &Order, found: &servers::Found, measured: &mut Measured) -> Result<(), Error> {
    let Some(program) = order.peers.clone().filter(|program| program.is_file()) else {
        let why = "their program is not built: `cargo xtask bench` builds it, `--peers` says where it is";
        measured.left_out.push(format!("peers on databases: {why}"));
        return Ok(());
    };
    let folder = order.options.folder.clone().unwrap_or_else(std::env::temp_dir);
    let postgres = found.postgres.then(|| order.options.servers.postgres.clone());
    let mut sections = sections(order, cases::peers(&cases::Peers { program, folder, postgres }));
    for section in &mut sections {
        // One that cannot do its load leaves the others theirs.
        section.cases.retain(|case| match (case.run)(&Scale::quick(), Meter::Time) {
            Ok(_) => true,
            Err(error) => {
                measured.left_out.push(format!("{}: it failed: {error}", case.key));
                false
            }
        });
    }
    measured.run(&sections, &order.options.scale(), order.rounds())
}

fn on_servers(order: &Order, program: &Path, found: &servers::Found, measured: &mut Measured) {
    let Options { servers, .. } = &order.options;
    let (scale, rounds) = (order.options.scale(), order.rounds());
    measured.left_out.extend(found.missing(servers));
    if found.cassandra {
        measured.part("commands over Cassandra", |measured| {
            let place = cases::Place::new(&servers.cassandra)?;
            let ran = measured.run(&sections(order, cases::store(&place)), &scale, rounds);
            place.clear().and(ran)
        });
    }
    if found.kafka {
        measured.part("growth with partitions", |measured| {
            let topics = cases::Topics::filled(&servers.brokers, scale.topic)?;
            let points = sections(order, vec![topics.section(program)]);
            let ran = measured.run(&points, &scale, order.few_rounds());
            topics.clear().and(ran)
        });
    }
    if found.kafka && found.postgres {
        measured.part("from Kafka into views", |measured| {
            let pipeline = cases::Pipeline::new(servers, scale.topic)?;
            let ran = measured.run(&sections(order, cases::pipeline(&pipeline)), &scale, rounds);
            pipeline.clear().and(ran)
        });
    }
    if found.cassandra && found.kafka && order.options.only.is_none() {
        measured.part("one commit, from the store into a view", |measured| {
            measured.legs = latency::run(servers, scale.timed)?;
            println!("{}", latency::table(&measured.legs));
            Ok(())
        });
    }
}

fn write(folder: &Path, full: &Full<'_>) -> Result<(), Error> {
    fs::write(folder.join("report.json"), serde_json::to_string_pretty(full)?)?;
    fs::write(folder.join("report.svg"), report::chart(full.sections))?;
    Ok(fs::write(folder.join("report.md"), report::page(full))?)
}
