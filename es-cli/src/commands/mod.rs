//! The command line.

mod operate;

use clap::{Arg, ArgAction, ArgMatches, Command};
use std::path::PathBuf;

use crate::{
    Outcome,
    doctor::DoctorError,
    package::{Package, PackageError, Wanted},
    schema::{self, SchemaError},
    store::StoreError,
    stream::{self, StreamError},
    views::ViewsError,
};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Doctor(#[from] DoctorError),
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(crate) fn command() -> Command {
    Command::new("cargo-es")
        .bin_name("cargo es")
        .about("The tools of event-sourcing-rs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(schema_command())
        .subcommand(stream_command())
        .subcommand(operate::doctor_command())
        .subcommand(operate::projection_command())
        .subcommand(operate::dead_letters_command())
        .subcommand(operate::store_command())
}

fn schema_command() -> Command {
    let lock = Command::new("lock").about("Adds the shapes of new events to events.lock").arg(
        value("forget", "NAME").action(ArgAction::Append).help(
            "Drop what is locked of this event, which was never stored anywhere; NAME@2 for one version",
        ),
    );
    let check = Command::new("check")
        .about("Fails unless events.lock has exactly the events of the code, in their shapes; for CI");
    let diff = Command::new("diff")
        .about("What events.lock has gained since a git revision; fails if it lost or changed something")
        .arg(Arg::new("revision").value_name("REV").required(true).help("Such as main or HEAD~3"));
    let export = Command::new("export")
        .about("Prints what is locked, for other readers of the events")
        .arg(value("format", "FORMAT").value_parser(["json-schema", "asyncapi"]).default_value("json-schema"))
        .arg(
            value("topic", "PATTERN")
                .default_value("{category}_events")
                .help("What a category's topic is called, for asyncapi"),
        );
    Command::new("schema")
        .about("The locked shapes of events")
        .subcommand_required(true)
        .subcommand(of_package(lock))
        .subcommand(of_package(check))
        .subcommand(of_package(diff))
        .subcommand(of_package(export))
}

fn stream_command() -> Command {
    let show = Command::new("show")
        .about("Prints the events of one aggregate as JSON, by events.lock alone")
        .arg(
            Arg::new("aggregate")
                .value_name("AGGREGATE")
                .required(true)
                .help("The category, such as account"),
        )
        .arg(Arg::new("id").value_name("ID").required(true))
        .arg(value("sqlite", "FILE").help("The store's file"))
        .arg(value("lock", "FILE").help("The lock file; that of the package unless it is given"));
    #[cfg(feature = "cassandra")]
    let show = show
        .arg(value("cassandra", "HOSTS").conflicts_with("sqlite").help("Nodes of the store, HOST:PORT,.."))
        .arg(value("keyspace", "NAME").requires("cassandra").help("The store's keyspace"));
    Command::new("stream").about("Stored events").subcommand_required(true).subcommand(of_package(show))
}

fn value(name: &'static str, shown: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(shown)
}

/// Which package, and how it is compiled.
fn of_package(command: Command) -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    command
        .arg(
            value("manifest-path", "FILE")
                .help("The package's Cargo.toml; that of this folder unless it is given"),
        )
        .arg(value("package", "NAME").short('p').help("The package, in a workspace"))
        .arg(value("example", "NAME").help("The events of an example, with a lock file beside them"))
        .arg(value("features", "LIST").help("The features to compile with"))
        .arg(flag("all-features"))
        .arg(flag("no-default-features"))
}

pub(crate) fn run(arguments: &ArgMatches) -> Result<Outcome, CommandError> {
    let Some((group, arguments)) = arguments.subcommand() else { return Ok(nothing()) };
    if group == "doctor" {
        return operate::doctor(arguments);
    }
    let Some((name, arguments)) = arguments.subcommand() else { return Ok(nothing()) };
    match group {
        "projection" => return operate::projection(name, arguments),
        "dead-letters" => return operate::dead_letters(arguments),
        "store" => return operate::ddl(arguments),
        _ => {}
    }
    let package = || Package::find(&wanted(arguments));
    Ok(match (group, name) {
        ("schema", "lock") => {
            let forget: Vec<String> =
                arguments.get_many::<String>("forget").unwrap_or_default().cloned().collect();
            schema::lock(&package()?, &forget)?
        }
        ("schema", "check") => schema::check(&package()?)?,
        ("schema", "diff") => {
            let revision = text(arguments, "revision").unwrap_or_default();
            schema::diff(&package()?, &revision)?
        }
        ("schema", "export") => {
            let topic = text(arguments, "topic").unwrap_or_default();
            let asyncapi = text(arguments, "format").as_deref() == Some("asyncapi");
            schema::export(&package()?, asyncapi.then_some(&topic))?
        }
        _ => {
            let lock = match text(arguments, "lock") {
                Some(path) => PathBuf::from(path),
                None => package()?.lock_path(),
            };
            let id = text(arguments, "id").unwrap_or_default();
            let category = text(arguments, "aggregate").unwrap_or_default();
            stream::show(&lock, &category, &id, &place(arguments)?)?
        }
    })
}

fn place(arguments: &ArgMatches) -> Result<stream::Place, StreamError> {
    #[cfg(feature = "cassandra")]
    if let Some(hosts) = text(arguments, "cassandra") {
        let keyspace = text(arguments, "keyspace").ok_or(StreamError::NoKeyspace)?;
        return Ok(stream::Place::Cassandra {
            hosts: hosts.split(',').map(str::to_owned).collect(),
            keyspace,
        });
    }
    text(arguments, "sqlite").map(|path| stream::Place::Sqlite(path.into())).ok_or(StreamError::NoStore)
}

/// clap asked for a subcommand, and knows no other.
fn nothing() -> Outcome {
    Outcome { text: String::new(), good: false }
}

fn text(arguments: &ArgMatches, name: &str) -> Option<String> {
    arguments.get_one::<String>(name).cloned()
}

fn wanted(arguments: &ArgMatches) -> Wanted {
    let mut flags = Vec::new();
    for flag in ["all-features", "no-default-features"] {
        if arguments.get_flag(flag) {
            flags.push(format!("--{flag}"));
        }
    }
    if let Some(features) = text(arguments, "features") {
        flags.extend(["--features".to_owned(), features]);
    }
    Wanted {
        manifest: text(arguments, "manifest-path").map(PathBuf::from),
        package: text(arguments, "package"),
        example: text(arguments, "example"),
        flags,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
