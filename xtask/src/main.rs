//! The project's own commands: `cargo xtask test | tidy | ci | bench | faults | fuzz | stack`.

mod bench;
mod ci;
mod faults;
mod fuzz;
mod run;
mod stack;
mod system;
mod test;
mod tidy;

use clap::{Arg, ArgAction, ArgMatches, Command};
use std::process::ExitCode;

use faults::{Kind, Options};
use run::Steps;
use stack::{CASSANDRA, Pipeline, Stack, Wanted};

fn main() -> ExitCode {
    let root = match run::root() {
        Ok(root) => root,
        Err(error) => {
            eprintln!("xtask: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut steps = Steps::new(root);
    let arguments = commands().get_matches();
    if let Err(error) = dispatch(&arguments, &mut steps) {
        eprintln!("xtask: {error}");
        return ExitCode::FAILURE;
    }
    steps.finish()
}

fn dispatch(arguments: &ArgMatches, steps: &mut Steps) -> Result<(), String> {
    match arguments.subcommand() {
        Some(("test", arguments)) => {
            test::embedded(steps);
            if !arguments.get_flag("embedded") {
                test::on_servers(steps);
            }
        }
        Some(("tidy", _)) => tidy::step(steps),
        Some(("ci", _)) => ci::steps(steps),
        Some(("bench", arguments)) => {
            let name = arguments.get_one::<String>("name").map(String::as_str);
            let rest = arguments.get_many::<String>("arguments").unwrap_or_default();
            bench::step(steps, name, rest.map(String::as_str))?;
        }
        Some(("faults", arguments)) => faults(arguments, steps)?,
        Some(("fuzz", arguments)) => {
            fuzz::steps(steps, arguments.get_one("seconds").copied().unwrap_or(60));
        }
        Some(("stack", arguments)) => stack(arguments, steps),
        // clap asked for a subcommand and knows no other.
        _ => {}
    }
    Ok(())
}

fn faults(arguments: &ArgMatches, steps: &mut Steps) -> Result<(), String> {
    let number = |name, otherwise| arguments.get_one(name).copied().unwrap_or(otherwise);
    let nodes = arguments.get_one::<String>("nodes").and_then(|nodes| nodes.parse().ok()).unwrap_or(1);
    let wanted = faults::wanted(nodes, arguments.get_flag("connect"));
    let wanted = match arguments.get_one::<String>("commit-log").map(String::as_str) {
        Some(sync) => Wanted { is_synced: sync == "batch", ..wanted },
        None => wanted,
    };
    let kinds = arguments.get_many::<String>("kinds").unwrap_or_default();
    let kinds: Vec<_> = kinds.filter_map(|name| Kind::named(name)).collect();
    if let Some(kind) = kinds.iter().find(|kind| !kind.can_be(wanted)) {
        return Err(format!("`{kind}` needs more nodes: --nodes 3"));
    }
    let all = Options::all(wanted, number("seconds", 90), number("seed", 1));
    let options = Options {
        kinds: if kinds.is_empty() { all.kinds } else { kinds },
        plant: arguments.get_one("plant").cloned(),
        patience: number("patience", all.patience),
        ..all
    };
    test::faults(steps, &options);
    Ok(())
}

fn stack(arguments: &ArgMatches, steps: &mut Steps) {
    let stack = Stack::of(steps.root());
    let say = |none: &str, lines: Vec<String>| {
        if lines.is_empty() {
            println!("{none}");
        }
        lines.iter().for_each(|line| println!("{line}"));
    };
    match arguments.subcommand() {
        Some(("up", arguments)) => {
            let wanted = Wanted {
                cassandra: arguments.get_one::<String>("cassandra").map_or(CASSANDRA[0], |version| {
                    CASSANDRA.iter().find(|known| *known == version).unwrap_or(&CASSANDRA[0])
                }),
                nodes: arguments.get_one("nodes").copied().unwrap_or(1),
                pipeline: match (arguments.get_flag("connect"), arguments.get_flag("pipeline")) {
                    (true, _) => Some(Pipeline::Connect),
                    (false, true) => Some(Pipeline::Standalone),
                    (false, false) => None,
                },
                cdc_mib: arguments.get_one("cdc-mib").copied(),
                is_synced: false,
                has_cuts: false,
            };
            let postgres = arguments.get_flag("postgres");
            steps.step("stack up", || {
                let started = if postgres { stack.postgres_up()? } else { stack.up(wanted)? };
                say(
                    "everything runs already",
                    started.iter().map(|name| format!("started {name}")).collect(),
                );
                Ok(())
            });
        }
        Some(("down", _)) => steps.step("stack down", || {
            let stopped = stack.down()?;
            say("nothing runs", stopped.iter().map(|name| format!("stopped {name}")).collect());
            Ok(())
        }),
        _ => steps.step("stack status", || {
            say("nothing runs", stack.status()?);
            Ok(())
        }),
    }
}

fn commands() -> Command {
    Command::new("xtask")
        .bin_name("cargo xtask")
        .about("The project's own commands. Each runs all of its steps and ends with a table of them.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("test").about("Runs every test: unit, integration, ui, documentation, examples, and on the stack's servers").arg(
                Arg::new("embedded")
                    .long("embedded")
                    .action(ArgAction::SetTrue)
                    .help("Only what needs no servers"),
            ),
        )
        .subcommand(Command::new("tidy").about("Checks the project's invariants over the whole tree"))
        .subcommand(Command::new("ci").about("Format, lints, documentation, tidy and every test: what has to be green"))
        .subcommand(
            Command::new("stack")
                .about("The real servers that tests and examples use: started from their official artifacts")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    Command::new("up")
                        .about("Starts what does not run yet, and waits until it answers")
                        .arg(
                            Arg::new("nodes")
                                .long("nodes")
                                .value_parser(clap::value_parser!(u8).range(1..=3))
                                .help("How many Cassandra nodes, 1 to 3, at 127.0.0.1 and on [default: 1]"),
                        )
                        .arg(
                            Arg::new("cassandra")
                                .long("cassandra")
                                .value_parser(CASSANDRA.to_vec())
                                .help("Which version of Apache Cassandra [default: 5.0.9]"),
                        )
                        .arg(
                            Arg::new("postgres")
                                .long("postgres")
                                .action(ArgAction::SetTrue)
                                .conflicts_with_all(["nodes", "cassandra", "pipeline", "connect", "cdc-mib"])
                                .help("PostgreSQL alone"),
                        )
                        .arg(
                            Arg::new("pipeline")
                                .long("pipeline")
                                .action(ArgAction::SetTrue)
                                .help("With Kafka, a Debezium agent for each node, and PostgreSQL"),
                        )
                        .arg(
                            Arg::new("connect")
                                .long("connect")
                                .action(ArgAction::SetTrue)
                                .help("With Kafka, Debezium inside Kafka Connect, which can lose records, and PostgreSQL"),
                        )
                        .arg(
                            Arg::new("cdc-mib")
                                .long("cdc-mib")
                                .value_parser(clap::value_parser!(u32).range(16..))
                                .help("How many MiB of changes that nobody has read a node keeps [default: Cassandra's]"),
                        ),
                )
                .subcommand(Command::new("down").about("Stops what the stack has started, and nothing else"))
                .subcommand(Command::new("status").about("Says what runs")),
        )
        .subcommand(
            Command::new("faults")
                .about("Load over the whole pipeline while parts of it are killed, frozen and cut off; then checks every promise")
                .arg(
                    Arg::new("seconds")
                        .long("seconds")
                        .value_parser(clap::value_parser!(u64))
                        .help("How long; and until each kind of fault has happened [default: 90]"),
                )
                .arg(
                    Arg::new("seed")
                        .long("seed")
                        .value_parser(clap::value_parser!(u64))
                        .help("What is random follows from it [default: 1]"),
                )
                .arg(
                    Arg::new("nodes")
                        .long("nodes")
                        .value_parser(["1", "3"])
                        .help("How many Cassandra nodes, and replicas [default: 1]"),
                )
                .arg(
                    Arg::new("connect")
                        .long("connect")
                        .action(ArgAction::SetTrue)
                        .help("Debezium inside Kafka Connect, which can lose records"),
                )
                .arg(
                    Arg::new("commit-log")
                        .long("commit-log")
                        .value_parser(["batch", "periodic"])
                        .help("When nodes sync it; a single one that is killed forgets with periodic what it has just acknowledged [default: batch on one node, periodic on three]"),
                )
                .arg(
                    Arg::new("kinds")
                        .long("kinds")
                        .value_delimiter(',')
                        .value_parser(Kind::names())
                        .help("Only these kinds of faults"),
                )
                .arg(
                    Arg::new("patience")
                        .long("patience")
                        .value_parser(clap::value_parser!(u64))
                        .help("How many seconds the views have to show everything in the end [default: 300]"),
                )
                // The names are es-faults' own.
                .arg(Arg::new("plant").long("plant").hide(true)),
        )
        .subcommand(
            Command::new("fuzz")
                .about("Fuzzes what reads bytes from outside, with cargo-fuzz and a nightly compiler")
                .arg(
                    Arg::new("seconds")
                        .long("seconds")
                        .value_parser(clap::value_parser!(u64))
                        .help("How long each target runs [default: 60]"),
                ),
        )
        .subcommand(
            Command::new("bench")
                .about("Runs a benchmark, built for release; without a name, all of them, growth and the peers, into one report")
                .arg(
                    Arg::new("name")
                        .allow_hyphen_values(true)
                        .help(format!("Which: {} [default: report]", bench::names())),
                )
                .arg(
                    Arg::new("arguments")
                        .num_args(..)
                        .trailing_var_arg(true)
                        .allow_hyphen_values(true)
                        .help("For the benchmark itself: --quick, --json FILE; for the report: --quick, --to FOLDER, .."),
                ),
        )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::commands().debug_assert();
    }
}
