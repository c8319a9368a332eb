//! The benchmarks, each beside its floor and its peers.
//!
//! All cases of a benchmark run in one process, in turns: each round runs every case once, so that what
//! disturbs the machine for a while disturbs all of them. Medians of the rounds are reported, and ratios are
//! taken within each round. Allocations are counted in a pass of their own, which is not timed.
//!
//! Every case checks its result after the clock has stopped: a case that got cheap by doing nothing fails.

mod bank;
mod cases;
mod counting;
mod full;
mod latency;
mod machine;
mod meter;
mod options;
mod peer;
mod process;
mod report;
mod rounds;
mod wire;

use std::process::ExitCode;

use options::Options;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Whatever went wrong: a benchmark ends with it.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// The benchmark `core`: what a command costs, in memory and over SQLite.
pub fn command() -> ExitCode {
    let about = "What a command costs, in memory and over SQLite, beside cqrs-es";
    let options = Options::parse(options::commands("command", about));
    ended(run("core", &options, cases::command(options.folder.as_deref())))
}

/// The benchmark `store`: what a command and a load cost over Cassandra, beside the bare driver.
pub fn store() -> ExitCode {
    let about = "What commands and loads cost over Cassandra, beside the bare driver";
    let options = Options::parse(options::with_server(options::commands("store", about)));
    let measured = cases::Place::new(&options.servers.cassandra).and_then(|place| {
        let measured = run("store", &options, cases::store(&place));
        place.clear().and(measured)
    });
    ended(measured)
}

/// The benchmark `pipeline`: from Kafka into views, beside a bare consumer, and how long a commit takes from the
/// store into a view.
pub fn pipeline() -> ExitCode {
    let about = "From Kafka into views, beside a bare consumer; how long a commit takes into a view";
    let options = Options::parse(options::with_pipeline(options::commands("pipeline", about)));
    let scale = options.scale();
    let measured = cases::Pipeline::new(&options.servers, scale.topic).and_then(|pipeline| {
        let measured = run("pipeline", &options, cases::pipeline(&pipeline));
        pipeline.clear().and(measured)
    });
    if measured.is_err() || options.only.is_some() {
        return ended(measured);
    }
    ended(latency::run(&options.servers, scale.timed).and_then(|legs| {
        println!("{}", latency::table(&legs));
        match &options.json {
            Some(path) => latency::add_to(path, &legs),
            None => Ok(()),
        }
    }))
}

/// All benchmarks, growth and peers in one report; or a point of growth, in the process that the report starts for it.
pub fn report() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("point") {
        let line = cases::point(&arguments.next().unwrap_or_default());
        return ended(line.map(|line| println!("{line}")));
    }
    ended(full::run(&options::full()))
}

fn run(name: &str, options: &Options, mut sections: Vec<cases::Section>) -> Result<(), Error> {
    if let Some(only) = &options.only {
        sections = cases::only(sections, only)?;
    }
    let results = rounds::run(&sections, &options.scale(), options.rounds())?;
    println!("{}", report::table(&results));
    let Some(path) = &options.json else { return Ok(()) };
    std::fs::write(path, report::json(name, options, &results)?)?;
    println!("All numbers are in {}.", path.display());
    Ok(())
}

fn ended(run: Result<(), Error>) -> ExitCode {
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cases::{Scale, Section};

    /// Each case checks its own result; this runs them all.
    #[test]
    fn the_command_benchmark_works() {
        let folder = tempfile::tempdir().unwrap();
        let sections = cases::command(Some(folder.path()));
        let scale = Scale::smallest();
        let results = rounds::run(&sections, &scale, 1).unwrap();
        assert_eq!(results.iter().map(|s| s.cases.len()).sum::<usize>(), 20);
        for case in results.iter().flat_map(|section| &section.cases) {
            assert!(case.commands > 0, "{} did nothing", case.key);
            assert!(
                case.allocations.unwrap() >= 2.0,
                "{}: the command and the event each own a text",
                case.key
            );
            assert!(case.bytes.unwrap() >= 200.0, "{}: and both are about 100 bytes", case.key);
        }
        let table = report::table(&results);
        let options = Options { quick: true, rounds: Some(1), ..Options::default() };
        let json: serde_json::Value =
            serde_json::from_str(&report::json("core", &options, &results).unwrap()).unwrap();
        for case in json["sections"].as_array().unwrap().iter().flat_map(|s| s["cases"].as_array().unwrap()) {
            assert!(table.contains(case["label"].as_str().unwrap()), "{table}");
            assert!(case["ns_per_command"]["median"].as_f64().unwrap() > 0.0, "{case}");
        }
        assert!(json["versions"]["cqrs-es"].as_str().unwrap().starts_with("0.5."), "{json}");
    }

    #[test]
    fn some_cases_come_with_what_they_are_compared_with() {
        let keys = |sections: Vec<Section>| -> Vec<String> {
            sections.into_iter().flat_map(|section| section.cases).map(|case| case.key).collect()
        };
        let only = |text| cases::only(cases::command(None), text).map(keys);
        assert_eq!(only("app/short").unwrap(), ["app/short"]);
        assert_eq!(only("app/spread").unwrap(), ["app/long", "app/spread"]);
        assert!(only("no such").unwrap_err().to_string().contains("sqlite/execute/64"));
    }
}
