//! A node's process, which the stack has started.

use std::{
    fs,
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use scylla::client::session_builder::SessionBuilder;

use crate::cluster::addresses;

/// What there is of a node: its folder, and how it was started.
pub struct Node {
    folder: PathBuf,
    pid: u32,
    command: Vec<String>,
    address: SocketAddr,
}

impl Node {
    /// The node of that number, from 1.
    pub fn of_the_stack(number: usize) -> Self {
        let stack = PathBuf::from(std::env::var_os("ES_STACK").expect("ES_STACK names the stack's folder"));
        let nodes = addresses();
        assert_eq!(nodes.len(), 3, "ES_CASSANDRA_HOSTS names three nodes");
        let rings = fs::read_dir(&stack).unwrap().map(|ring| ring.unwrap().path());
        let node = format!("node{number}");
        let folder = rings
            .filter(|ring| ring.to_string_lossy().ends_with("-x3"))
            .map(|ring| ring.join(&node))
            .find(|folder| running(folder).is_some())
            .expect("a node that runs");
        let pid = running(&folder).unwrap();
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        let command = command.split_terminator('\0').map(str::to_owned).collect();
        Self { folder, pid, command, address: nodes[number - 1] }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.pid.to_string()]).status().unwrap();
        assert!(status.success(), "node {} has ended", self.pid);
    }

    /// At once, as a crash does.
    pub fn kill(&self) {
        self.signal("-KILL");
    }

    /// It keeps its connections, and answers nobody.
    pub fn hang(&self) {
        self.signal("-STOP");
    }

    pub fn wake(&self) {
        self.signal("-CONT");
    }

    /// Starts it again as the stack did, and waits until it serves.
    pub async fn restart(&self) {
        super::until(async || !is_alive(self.pid)).await;
        let log = fs::File::options().append(true).open(self.folder.join("out.log")).unwrap();
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        let pid = child.id();
        // It is seen to have ended, if it does.
        std::thread::spawn(move || child.wait());
        // So the stack knows it as its own.
        fs::write(self.folder.join("pid"), format!("{pid} {}", start_time(pid).unwrap())).unwrap();
        let up = async {
            while SessionBuilder::new().known_node_addr(self.address).build().await.is_err() {
                assert!(is_alive(pid), "it ended: see {}", self.folder.join("out.log").display());
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(240), up).await.expect("it was to serve again");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // A test that failed leaves no node asleep.
        if std::thread::panicking() && is_alive(self.pid) {
            self.wake();
        }
    }
}

/// The process of that folder, if it still runs.
fn running(folder: &std::path::Path) -> Option<u32> {
    let text = fs::read_to_string(folder.join("pid")).ok()?;
    let (pid, started) = text.split_once(' ')?;
    let pid = pid.parse().ok()?;
    (start_time(pid)? == started).then_some(pid)
}

fn is_alive(pid: u32) -> bool {
    start_time(pid).is_some()
}

/// When a process was started; `None` if it has ended.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<_> = rest.split_whitespace().collect();
    (*fields.first()? != "Z").then(|| fields.get(19).map(|ticks| (*ticks).to_owned()))?
}
