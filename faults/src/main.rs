//! The processes of `cargo xtask faults`: senders of commands, listeners, and who judges what became of it all.

mod bank;
mod check;
mod event;
mod fleet;
mod history;
mod listener;
mod load;
mod place;
mod plant;
mod resend;
mod sender;
mod views;

use clap::{Arg, ArgMatches, Command};
use std::process::ExitCode;

use place::Place;
use plant::Plant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match dispatch(&commands().get_matches()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faults: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(arguments: &ArgMatches) -> Result<(), Failure> {
    let Some((command, arguments)) = arguments.subcommand() else { return Ok(()) };
    let place = Place::of(arguments);
    let text = |name| arguments.try_get_one::<String>(name).ok().flatten().map_or("", String::as_str);
    let plant = Plant::named(text("plant"));
    match command {
        "set-up" => place.set_up().await,
        "commands" => load::run(place, text("name"), plant).await,
        "listener" => listener::run(place, text("name"), plant).await,
        _ => check::run(place, arguments.get_one("patience").copied().unwrap_or(300)).await,
    }
}

fn commands() -> Command {
    let name = || Arg::new("name").long("name").required(true).help("Of this process");
    let plant = || Arg::new("plant").long("plant").hide(true).value_parser(Plant::names());
    let sub =
        |name: &'static str, about: &'static str| Command::new(name).about(about).args(Place::arguments());
    Command::new("faults")
        .about("The processes of `cargo xtask faults`")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(sub("set-up", "Makes the keyspace, its tables, and the tables of the views"))
        .subcommand(sub("commands", "Sends commands, until it is stopped").arg(name()).arg(plant()))
        .subcommand(sub("listener", "Keeps the views, until it is stopped").arg(name()).arg(plant()))
        .subcommand(
            sub("check", "Waits until all is quiet, and says which promises were broken, as JSON").arg(
                Arg::new("patience")
                    .long("patience")
                    .value_parser(clap::value_parser!(u64))
                    .help("How many seconds the views have to show everything [default: 300]"),
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
