//! The command line of a benchmark.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;

use crate::{cases::Scale, full::Order};

/// What to run, and where to write it.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) rounds: Option<usize>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) only: Option<String>,
    pub(crate) servers: Servers,
}

/// Where servers are. A benchmark that needs none leaves them empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Servers {
    /// `host:port` of a node of Cassandra.
    pub(crate) cassandra: String,
    pub(crate) brokers: String,
    /// The URL of a PostgreSQL database.
    pub(crate) postgres: String,
}

impl Options {
    /// From this process's arguments; ends the process if they are wrong.
    pub(crate) fn parse(command: Command) -> Self {
        Self::of(&mut command.get_matches())
    }

    fn of(arguments: &mut ArgMatches) -> Self {
        // A benchmark without servers does not know these arguments.
        let mut server = |name| arguments.try_remove_one::<String>(name).ok().flatten().unwrap_or_default();
        let servers =
            Servers { cassandra: server("server"), brokers: server("brokers"), postgres: server("postgres") };
        Self {
            quick: arguments.get_flag("quick"),
            rounds: arguments.remove_one("rounds"),
            json: arguments.remove_one("json"),
            folder: arguments.remove_one("folder"),
            only: arguments.remove_one("only"),
            servers,
        }
    }

    pub(crate) fn scale(&self) -> Scale {
        if self.quick { Scale::quick() } else { Scale::full() }
    }

    pub(crate) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 3 } else { 9 })
    }
}

/// The same for a benchmark that needs a server.
pub(crate) fn with_server(command: Command) -> Command {
    let server = Arg::new("server").long("server").value_name("HOST:PORT").default_value("127.0.0.1:9042");
    command.arg(server.help("A node of the stack, or another; what is stored is removed again"))
}

/// The same for one that needs the whole pipeline.
pub(crate) fn with_pipeline(command: Command) -> Command {
    let brokers = Arg::new("brokers").long("brokers").value_name("HOST:PORT,..");
    let postgres = Arg::new("postgres").long("postgres").value_name("URL");
    with_server(command)
        .arg(brokers.default_value("127.0.0.1:9092").help("Brokers of Kafka, where Debezium writes"))
        .arg(
            postgres
                .default_value("postgres://postgres@127.0.0.1:54320/postgres")
                .help("A database for views, in a schema that is removed again"),
        )
}

/// What the whole report is asked for with.
pub(crate) fn full() -> Order {
    let mut arguments = report().get_matches();
    Order {
        options: Options::of(&mut arguments),
        to: arguments.remove_one("to").unwrap_or_default(),
        peers: arguments.remove_one("peers"),
        kafka: arguments.remove_one("kafka"),
    }
}

fn report() -> Command {
    let path = || value_parser!(PathBuf);
    let to = Arg::new("to").long("to").value_name("FOLDER").value_parser(path()).required(true);
    let peers = Arg::new("peers").long("peers").value_name("PROGRAM").value_parser(path());
    let kafka = Arg::new("kafka").long("kafka").value_name("VERSION");
    // The others each write JSON of their own.
    let command = with_pipeline(commands("report", "Every benchmark, growth and peers in one report"));
    command
        .mut_arg("json", |json| json.hide(true))
        .mut_arg("rounds", |rounds| {
            rounds.help("How often each case runs; 5 unless this says otherwise, once with --quick")
        })
        .arg(to.help("Where report.md, report.json and report.svg are written"))
        .arg(peers.help("The program of benches/peers; without it, peers on databases are left out"))
        .arg(kafka.help("The version of the brokers, which their protocol does not tell"))
}

pub(crate) fn commands(name: &'static str, about: &'static str) -> Command {
    let path = || value_parser!(PathBuf);
    Command::new(name)
        .about(about)
        .arg(
            Arg::new("quick")
                .long("quick")
                .action(ArgAction::SetTrue)
                .help("A run of a few seconds: to see that it works, not to quote"),
        )
        .arg(
            Arg::new("rounds")
                .long("rounds")
                .value_parser(|text: &str| match text.parse::<usize>() {
                    Ok(rounds) if rounds > 0 => Ok(rounds),
                    _ => Err("a whole number, at least 1"),
                })
                .help("How often each case runs; 9 unless this says otherwise, 3 with --quick"),
        )
        .arg(
            Arg::new("only")
                .long("only")
                .value_name("TEXT")
                .help("Only the cases whose key contains TEXT, and those that they are compared with"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .value_name("FILE")
                .value_parser(path())
                .help("Also writes the machine, the versions and all numbers to FILE"),
        )
        .arg(
            Arg::new("folder")
                .long("folder")
                .value_name("FOLDER")
                .value_parser(path())
                .help("Where the databases are made, and removed again: on the disk to measure. The system's folder for temporary files unless this says otherwise"),
        )
}

#[cfg(test)]
mod tests {
    use super::{commands, report, with_pipeline};

    #[test]
    fn the_command_line_is_sound() {
        with_pipeline(commands("a", "b")).debug_assert();
        report().debug_assert();
        let rounds = |n| commands("a", "b").try_get_matches_from(["a", "--rounds", n]);
        assert!(rounds("0").is_err() && rounds("1").is_ok());
    }
}
