//! cqrs-es's `MemStore` prints two lines a command. They cost what they cost, but need not be seen.

use crate::Error;

/// Runs `work` while standard output leads nowhere.
#[cfg(unix)]
pub(crate) fn silently<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let nowhere = std::fs::File::options().write(true).open("/dev/null")?;
    let kept = rustix::io::dup(std::io::stdout())?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    let result = work();
    rustix::stdio::dup2_stdout(&kept)?;
    result
}

#[cfg(not(unix))]
pub(crate) fn silently<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    work()
}
