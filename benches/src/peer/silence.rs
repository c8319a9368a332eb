//! cqrs-es's `MemStore` prints two lines a command. They cost what they cost, but need not be seen.

#[cfg(unix)]
use std::{
    fs::File,
    io::{self, stdout},
    os::fd::OwnedFd,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// While this lives, what the process prints goes nowhere. One at a time: a second one would keep the first
/// one's nowhere.
#[cfg(unix)]
pub(crate) struct Silence {
    kept: OwnedFd,
    _turn: MutexGuard<'static, ()>,
}

#[cfg(unix)]
static TURN: Mutex<()> = Mutex::new(());

#[cfg(unix)]
impl Silence {
    pub(crate) fn begin() -> io::Result<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let nowhere = File::options().write(true).open("/dev/null")?;
        let kept = rustix::io::dup(stdout())?;
        rustix::stdio::dup2_stdout(&nowhere)?;
        Ok(Self { kept, _turn: turn })
    }

    fn end(&self) -> io::Result<()> {
        Ok(rustix::stdio::dup2_stdout(&self.kept)?)
    }
}

#[cfg(unix)]
impl Drop for Silence {
    fn drop(&mut self) {
        // Nothing could be said of a failure: there is nowhere to say it.
        let _ = self.end();
    }
}

/// Elsewhere the lines are seen.
#[cfg(not(unix))]
pub(crate) struct Silence;

#[cfg(not(unix))]
impl Silence {
    pub(crate) fn begin() -> std::io::Result<Self> {
        Ok(Self)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::Silence;
    use std::os::fd::AsRawFd;

    #[test]
    fn prints_go_nowhere_and_then_where_they_went_before() {
        let opened = |descriptor| std::fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
        let silence = Silence::begin().unwrap();
        assert_eq!(opened(1).as_os_str(), "/dev/null");
        silence.end().unwrap();
        assert_eq!(opened(1), opened(silence.kept.as_raw_fd()));
    }
}
