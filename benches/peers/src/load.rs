//! What every library has to do, and what it took.

use std::{
    fmt, fs,
    future::Future,
    time::{Duration, Instant},
};

use crate::Error;

/// The text of every deposit: as in the other benchmarks.
pub(crate) const REFERENCE: &str =
    "Invoice 2026-004711 of 14 March, paid by standing order; second reminder withdrawn, thank you all.";
/// What each deposit adds.
pub(crate) const AMOUNT: u64 = 5;

/// How many commands each aggregate gets, where streams stay short.
const SHORT: u64 = 10;
/// How long the long stream is when the clock starts.
const LONG: u64 = 1_000;
const IN_FLIGHT: u64 = 64;
/// Longer than any library waits with a state that it keeps.
const SETTLED: Duration = Duration::from_millis(1_500);

/// An open store of one library.
pub(crate) trait Library: Clone + Send + Sync + 'static {
    /// One command, which decides on the account's state and stores so many deposits at once.
    fn deposit(&self, id: &str, times: u64) -> impl Future<Output = Result<(), Error>> + Send;

    /// How many events of account `id` are in the store.
    fn stored(&self, id: &str) -> impl Future<Output = Result<u64, Error>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// One command after the other, a fresh account every ten.
    Short,
    /// The same by as many at once, each on accounts of its own.
    Flight,
    /// One after the other on an account of a thousand events and more.
    Long,
}

impl Load {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "short" => Some(Self::Short),
            "flight" => Some(Self::Flight),
            "long" => Some(Self::Long),
            _ => None,
        }
    }

    pub(crate) async fn run(self, library: impl Library, commands: u64) -> Result<Taken, Error> {
        match self {
            Self::Short => one_by_one(library, 0, commands, 0).await,
            Self::Long => one_by_one(library, LONG, commands, commands).await,
            Self::Flight => at_once(library, commands.div_ceil(IN_FLIGHT)).await,
        }
    }
}

/// What a load took.
#[derive(Debug)]
pub(crate) struct Taken {
    commands: u64,
    nanoseconds: u128,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commands, nanoseconds } = self;
        let rss = peak_rss().map_or("null".to_owned(), |bytes| bytes.to_string());
        write!(f, "{{\"commands\":{commands},\"nanoseconds\":{nanoseconds},\"rss\":{rss}}}")
    }
}

/// The most that this process ever had in memory, in bytes, where the system says it.
fn peak_rss() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn id(task: u64, n: u64, each: u64) -> String {
    format!("account-{task:03}-{:06}", n.checked_div(each).unwrap_or(0))
}

/// Commands of `task`, with a new account after each `SHORT`, or all on one.
async fn send(library: &impl Library, task: u64, commands: u64, each: u64) -> Result<(), Error> {
    for n in 0..commands {
        library.deposit(&id(task, n, each), 1).await?;
    }
    Ok(())
}

async fn check(
    library: &impl Library,
    task: u64,
    commands: u64,
    each: u64,
    before: u64,
) -> Result<(), Error> {
    for first in (0..commands).step_by(each.max(1) as usize) {
        let (id, wanted) = (id(task, first, each), before + each.min(commands - first));
        let found = library.stored(&id).await?;
        if found != wanted {
            return Err(format!("`{id}` has {found} events, not {wanted}").into());
        }
    }
    Ok(())
}

async fn one_by_one(library: impl Library, before: u64, commands: u64, each: u64) -> Result<Taken, Error> {
    let each = if each == 0 { SHORT } else { each };
    // A connection, and whatever else is made at the first use.
    library.deposit("account-warm-up", 1).await?;
    if before > 0 {
        library.deposit(&id(0, 0, each), before - 1).await?;
        // Who keeps a state only of events that nothing can come before any more has it then.
        tokio::time::sleep(SETTLED).await;
        library.deposit(&id(0, 0, each), 1).await?;
    }
    let started = Instant::now();
    send(&library, 0, commands, each).await?;
    let taken = Taken { commands, nanoseconds: started.elapsed().as_nanos() };
    check(&library, 0, commands, each, before).await?;
    Ok(taken)
}

async fn at_once(library: impl Library, commands: u64) -> Result<Taken, Error> {
    library.deposit("account-warm-up", 1).await?;
    let started = Instant::now();
    let tasks = (0..IN_FLIGHT).map(|task| {
        let library = library.clone();
        tokio::spawn(async move { send(&library, task, commands, SHORT).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    let taken = Taken { commands: commands * IN_FLIGHT, nanoseconds: started.elapsed().as_nanos() };
    for task in 0..IN_FLIGHT {
        check(&library, task, commands, SHORT, 0).await?;
    }
    Ok(taken)
}
