//! One load in one library on one storage, in a process of its own: prints what it took as a line of JSON.
//!
//! `cargo xtask bench report` runs them in turns with event-sourcing-rs, which is here too: the same program, the
//! same SQLite, the same load. By hand, from this folder:
//!
//! ```sh
//! cargo run --release -- cqrs-es sqlite short --commands 200
//! ```

mod library;
mod load;
mod options;
mod storage;

use std::process::ExitCode;

use options::Options;

/// Whatever went wrong: a measurement ends with it.
type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let ran = Options::parse(std::env::args().skip(1)).and_then(|options| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(library::run(&options))
    });
    match ran {
        Ok(taken) => {
            println!("{taken}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
