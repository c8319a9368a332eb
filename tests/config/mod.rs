//! An App's backends from a file and the environment.

mod embedded;
#[cfg(all(feature = "pipeline", feature = "testing"))]
mod on_server;
mod overrides;
mod page;
mod refusals;

use std::ffi::OsString;

/// What `Config::with_environment` takes.
fn environment<const N: usize>(variables: [(&str, &str); N]) -> [(OsString, OsString); N] {
    variables.map(|(name, value)| (name.into(), value.into()))
}
