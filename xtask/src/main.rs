//! The project's own commands: `cargo xtask test | tidy | ci | bench`.

mod bench;
mod ci;
mod run;
mod test;
mod tidy;

use clap::{Arg, ArgAction, ArgMatches, Command};
use std::process::ExitCode;

use run::Steps;

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
        Some(("test", _)) => test::steps(steps),
        Some(("tidy", _)) => tidy::step(steps),
        Some(("ci", _)) => ci::steps(steps),
        Some(("bench", arguments)) => {
            let name = arguments.get_one::<String>("name").map(String::as_str);
            let rest = arguments.get_many::<String>("arguments").unwrap_or_default();
            bench::step(steps, name, rest.map(String::as_str))?;
        }
        // clap asked for a subcommand and knows no other.
        _ => {}
    }
    Ok(())
}

fn commands() -> Command {
    Command::new("xtask")
        .bin_name("cargo xtask")
        .about("The project's own commands. Each runs all of its steps and ends with a table of them.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("test").about("Runs every test: unit, integration, ui, documentation, examples").arg(
                Arg::new("embedded")
                    .long("embedded")
                    .action(ArgAction::SetTrue)
                    .help("Only what needs no servers. There are no tests that need one yet, so it changes nothing today"),
            ),
        )
        .subcommand(Command::new("tidy").about("Checks the project's invariants over the whole tree"))
        .subcommand(Command::new("ci").about("Format, lints, documentation, tidy and every test: what has to be green"))
        .subcommand(
            Command::new("bench")
                .about("Runs a benchmark, built for release")
                .arg(Arg::new("name").help(format!("Which: {}", bench::names())))
                .arg(
                    Arg::new("arguments")
                        .num_args(..)
                        .trailing_var_arg(true)
                        .allow_hyphen_values(true)
                        .help("For the benchmark itself: --quick, --json FILE, .."),
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
