//! Servers as processes of their own, found again by what they left in their folder.

use std::{
    fmt, fs,
    net::{SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const PID: &str = "pid";
pub(super) const LOG: &str = "out.log";
const LAST_LOG: &str = "out.last.log";
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    folder: PathBuf,
    pid: u32,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs as process {}, log in {}", self.name(), self.pid, self.folder.join(LOG).display())
    }
}

impl Server {
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its folder's last two names: `cassandra-5.0.9-x1/node1`.
    pub(crate) fn name(&self) -> String {
        let mut names: Vec<_> = self.folder.iter().rev().take(2).map(|n| n.to_string_lossy()).collect();
        names.reverse();
        names.join("/")
    }

    /// Starts `command` in `folder`, with its output in the log there.
    pub(crate) fn start(folder: &Path, command: &mut Command) -> Result<Self, String> {
        let told = |error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(told)?;
        // What it said the last time, in case that is why it has to be started again.
        let _ = fs::rename(folder.join(LOG), folder.join(LAST_LOG));
        let log = fs::File::create(folder.join(LOG)).map_err(told)?;
        let both = log.try_clone().map_err(told)?;
        command.stdin(Stdio::null()).stdout(log).stderr(both);
        // A group of its own: an interrupt at the terminal is not for it.
        let mut child = command.process_group(0).spawn().map_err(told)?;
        let pid = child.id();
        let started = start_time(pid).ok_or_else(|| format!("{} ended at once", folder.display()))?;
        fs::write(folder.join(PID), format!("{pid} {started}")).map_err(told)?;
        // Whoever started it has to see it end: PostgreSQL takes even what is left of a killed one for one that runs.
        std::thread::spawn(move || child.wait());
        Ok(Self { folder: folder.to_owned(), pid })
    }

    /// The server of that folder, if it still runs.
    pub(crate) fn find(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join(PID)).ok()?;
        let (pid, started) = text.split_once(' ')?;
        let pid = pid.parse().ok()?;
        (start_time(pid)? == started).then(|| Self { folder: folder.to_owned(), pid })
    }

    /// Waits until something answers at `address`.
    pub(super) fn wait_for(&self, address: SocketAddr, within: Duration) -> Result<(), String> {
        let answers = || TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok();
        self.wait_until(&format!("does not answer at {address}"), within, answers)
    }

    /// Waits until its log has `text`.
    pub(super) fn wait_for_line(&self, text: &str, within: Duration) -> Result<(), String> {
        let log = self.folder.join(LOG);
        let is_there = || fs::read(&log).is_ok_and(|log| String::from_utf8_lossy(&log).contains(text));
        self.wait_until(&format!("does not say `{text}`"), within, is_there)
    }

    pub(super) fn wait_until(
        &self,
        not: &str,
        within: Duration,
        is_ready: impl Fn() -> bool,
    ) -> Result<(), String> {
        let begin = Instant::now();
        loop {
            if is_ready() {
                return Ok(());
            }
            let log = self.folder.join(LOG);
            if Self::find(&self.folder).is_none() {
                return Err(format!("{} ended; its log says:\n{}", self.name(), tail(&log)));
            }
            if begin.elapsed() > within {
                return Err(format!(
                    "{} {not} within {within:?}; its log says:\n{}",
                    self.name(),
                    tail(&log)
                ));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Ends it at once with the processes that it has started, as a crash of the machine would.
    pub(crate) fn kill(&self) -> Result<(), String> {
        // Before they are counted, so that it starts no more.
        signal(self.pid, "STOP")?;
        let children = children_of(self.pid);
        for pid in [self.pid].into_iter().chain(children) {
            signal(pid, "KILL")?;
        }
        while Self::find(&self.folder).is_some() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// It keeps its connections and its files, and does nothing until it is woken.
    pub(crate) fn freeze(&self) -> Result<(), String> {
        signal(self.pid, "STOP")?;
        children_of(self.pid).into_iter().try_for_each(|pid| signal(pid, "STOP"))
    }

    pub(crate) fn wake(&self) -> Result<(), String> {
        children_of(self.pid).into_iter().try_for_each(|pid| signal(pid, "CONT"))?;
        signal(self.pid, "CONT")
    }

    /// Asks it to end, and ends it when it does not.
    pub(crate) fn stop(self) -> Result<(), String> {
        // At TERM, PostgreSQL waits for its clients to leave.
        let is_postgres = super::postgres::is(&self.folder);
        signal(self.pid, if is_postgres { "INT" } else { "TERM" })?;
        let begin = Instant::now();
        while Self::find(&self.folder).is_some() {
            if begin.elapsed() > STOP_WITHIN {
                signal(self.pid, "KILL")?;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        fs::remove_file(self.folder.join(PID)).map_err(|error| format!("{}: {error}", self.folder.display()))
    }
}

/// The servers below `folder` that run.
pub(super) fn running(folder: &Path) -> Result<Vec<Server>, String> {
    let mut servers = Vec::new();
    let mut folders = vec![folder.to_owned()];
    // Two levels: the kind of server, and the server.
    for _ in 0..2 {
        folders = folders.iter().flat_map(|folder| children(folder)).collect();
        servers.extend(folders.iter().filter_map(|folder| Server::find(folder)));
    }
    servers.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(servers)
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The processes that `pid` has started, and that run.
fn children_of(pid: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent = |child: u32| stat(child)?.get(1)?.parse::<u32>().ok();
    pids.filter(|child| parent(*child) == Some(pid)).collect()
}

/// When a process was started, in ticks since boot: with the id, it names one process. `None` if it has ended.
fn start_time(pid: u32) -> Option<String> {
    let fields = stat(pid)?;
    // A zombie has ended: only whoever started it has not looked yet.
    (fields.first()? != "Z").then(|| fields.get(19).cloned())?
}

/// What the system says of a process, from its state on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn signal(pid: u32, name: &str) -> Result<(), String> {
    let status =
        Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status();
    // One that has ended meanwhile needs no signal.
    status.map(|_| ()).map_err(|error| format!("`kill` did not start: {error}"))
}

/// The last lines of a log.
pub(super) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_else(|error| error.to_string());
    let lines: Vec<_> = text.lines().rev().take(30).collect();
    lines.into_iter().rev().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_again_and_stopped_by_its_own_id() {
        let folder = tempfile::tempdir().unwrap();
        let node = folder.path().join("sleepers").join("node1");
        let server = Server::start(&node, Command::new("sleep").arg("1000")).unwrap();
        let pid = server.pid;
        assert_eq!(server.name(), "sleepers/node1");
        let found = running(folder.path()).unwrap();
        assert_eq!(found.iter().map(|s| s.pid).collect::<Vec<_>>(), [pid]);
        found.into_iter().for_each(|server| server.stop().unwrap());
        assert!(Server::find(&node).is_none() && running(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn what_is_killed_or_frozen_is_so_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        let server = Server::start(folder.path(), command.args(["-c", "sleep 1000; true"])).unwrap();
        let child = loop {
            if let [child] = children_of(server.pid)[..] {
                break child;
            }
        };
        let state = |pid| stat(pid).map(|fields| fields[0].clone());
        let frozen = Some("T".to_owned());
        server.freeze().unwrap();
        while state(child) != frozen || state(server.pid) != frozen {}
        server.wake().unwrap();
        while state(child) == frozen || state(server.pid) == frozen {}
        server.kill().unwrap();
        while start_time(child).is_some() {}
        assert!(Server::find(folder.path()).is_none());
    }

    #[test]
    fn another_process_with_that_id_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(PID), format!("{} 1", std::process::id())).unwrap();
        assert!(Server::find(folder.path()).is_none());
    }

    #[test]
    fn a_server_that_ends_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 0.2; echo no such disk; exit 3"]);
        let server = Server::start(folder.path(), &mut command).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = server.wait_for(free, Duration::from_secs(20)).unwrap_err();
        assert!(error.contains("no such disk"), "{error}");
    }
}
