//! `cargo es`: the tools of event-sourcing-rs.
//!
//! ```text
//! cargo es schema lock | check | diff REV | export
//! cargo es stream show AGGREGATE ID
//! cargo es doctor
//! cargo es projection list | parked NAME
//! cargo es dead-letters list NAME
//! cargo es store ddl --keyspace NAME --category NAME
//! ```

mod commands;
mod dead_letters;
mod doctor;
mod package;
mod projection;
mod schema;
mod store;
mod stream;
mod text;
mod views;

use std::{io::Write as _, process::ExitCode};

/// What a command has to say, and whether all is well.
struct Outcome {
    text: String,
    good: bool,
}

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    // Cargo says the name of the subcommand again.
    if arguments.get(1).is_some_and(|first| first == "es") {
        arguments.remove(1);
    }
    match commands::run(&commands::command().get_matches_from(arguments)) {
        Ok(outcome) => {
            // Whoever closes the pipe has read enough.
            let _ = writeln!(std::io::stdout(), "{}", outcome.text.trim_end());
            if outcome.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
