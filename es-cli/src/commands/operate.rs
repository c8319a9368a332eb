//! The command line of what operators need.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::Path;

use super::{CommandError, text, value};
use crate::{Outcome, dead_letters, doctor, projection, store, views::Place};

/// What an application's configuration is called unless it is said.
const CONFIG: &str = "event-sourcing.toml";

pub(super) fn doctor_command() -> Command {
    Command::new("doctor")
        .about("Says whether all that an application's configuration names is there and answers")
        .after_help("Creates nothing, and ends with 1 when anything is wrong.")
        .arg(
            value("config", "FILE").default_value(CONFIG).help("The configuration that the application uses"),
        )
}

pub(super) fn projection_command() -> Command {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
    let list = Command::new("list")
        .about("Lists projections, with how many aggregates are parked and how many dead letters there are")
        .arg(json.help("One JSON object a line"));
    let parked = Command::new("parked")
        .about("Lists the aggregates that a projection has set aside, each with its error")
        .after_help("To retry or skip one, call App::retry_parked or App::skip_parked in a running process.");
    Command::new("projection")
        .about("What the database of views says of projections")
        .subcommand_required(true)
        .subcommand(of_views(list))
        .subcommand(of_views(of_projection(parked)))
}

pub(super) fn dead_letters_command() -> Command {
    let list = Command::new("list").about("Lists the records that no decoder understood, and why");
    Command::new("dead-letters")
        .about("Records that no decoder understood")
        .subcommand_required(true)
        .subcommand(of_views(of_projection(list)))
}

pub(super) fn store_command() -> Command {
    let many =
        |name: &'static str, shown: &'static str| value(name, shown).num_args(1..).action(ArgAction::Append);
    let ddl = Command::new("ddl")
        .about("Prints what creates an event store's tables on Cassandra, for whoever may create them")
        .arg(value("keyspace", "NAME").required(true).help("The keyspace of the events, or of the views"))
        .arg(many("category", "NAME").required_unless_present("views").help("A category of aggregates"))
        .arg(many("views", "NAME").help("A projection whose views are kept there"))
        .arg(many("datacenter", "DC=N").help("A datacenter, and how many replicas it has"))
        .arg(
            value("replicas", "N")
                .value_parser(value_parser!(u8).range(1..))
                .default_value("3")
                .conflicts_with("datacenter")
                .help("How many replicas, without regard to datacenters"),
        );
    Command::new("store").about("The event store").subcommand_required(true).subcommand(ddl)
}

/// Which projection, and how much of it.
fn of_projection(command: Command) -> Command {
    command.arg(Arg::new("name").value_name("NAME").required(true).help("The projection")).arg(
        value("limit", "N")
            .value_parser(value_parser!(u32).range(1..))
            .default_value("100")
            .help("At most so many"),
    )
}

/// Where the views are.
fn of_views(command: Command) -> Command {
    command
        .arg(
            value("config", "FILE").default_value(CONFIG).help("The configuration that the application uses"),
        )
        .arg(value("sqlite", "FILE").conflicts_with("config").help("The file of the views"))
        .arg(
            value("postgres", "ADDRESS")
                .conflicts_with_all(["config", "sqlite"])
                .help("The database of the views, postgres://user@host/database"),
        )
        .arg(value("schema", "NAME").requires("postgres").help("The schema of the views"))
}

fn place(arguments: &ArgMatches) -> Place {
    if let Some(file) = text(arguments, "sqlite") {
        return Place::Sqlite(file.into());
    }
    match text(arguments, "postgres") {
        Some(address) => Place::Postgres { address, schema: text(arguments, "schema") },
        None => Place::Config(text(arguments, "config").unwrap_or_default().into()),
    }
}

pub(super) fn doctor(arguments: &ArgMatches) -> Result<Outcome, CommandError> {
    Ok(doctor::run(Path::new(&text(arguments, "config").unwrap_or_default()))?)
}

pub(super) fn projection(name: &str, arguments: &ArgMatches) -> Result<Outcome, CommandError> {
    Ok(match name {
        "list" => projection::list(place(arguments), arguments.get_flag("json"))?,
        _ => {
            let (name, limit) = of(arguments);
            projection::parked(place(arguments), &name, limit)?
        }
    })
}

pub(super) fn dead_letters(arguments: &ArgMatches) -> Result<Outcome, CommandError> {
    let (name, limit) = of(arguments);
    Ok(dead_letters::list(place(arguments), &name, limit)?)
}

fn of(arguments: &ArgMatches) -> (String, usize) {
    let limit = arguments.get_one::<u32>("limit").copied().unwrap_or_default();
    (text(arguments, "name").unwrap_or_default(), limit as usize)
}

pub(super) fn ddl(arguments: &ArgMatches) -> Result<Outcome, CommandError> {
    let many = |name| arguments.get_many::<String>(name).unwrap_or_default().cloned().collect();
    let wanted = store::Wanted {
        keyspace: text(arguments, "keyspace").unwrap_or_default(),
        categories: many("category"),
        views: many("views"),
        datacenters: many("datacenter"),
        replicas: arguments.get_one::<u8>("replicas").copied().unwrap_or_default(),
    };
    Ok(store::ddl(&wanted)?)
}
