//! The example, as a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::OnceLock,
};

use super::client::{Reply, Request};

pub struct Server {
    child: Child,
    /// Kept, so that the process can go on to print.
    _output: BufReader<ChildStdout>,
    pub address: SocketAddr,
    /// How many open transfers it found at start, and took to their end.
    pub ended: usize,
}

impl Server {
    /// Starts it on a free port, and waits until it listens.
    pub fn start(db: &Path) -> Self {
        let mut command = Command::new(binary());
        crate::place::at(&mut command, db);
        command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let first = line();
        let address = first.strip_prefix("listening on http://").and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("the first line is {first:?}"));
        let second = line();
        let ended = second.split(' ').next().and_then(|count| count.parse().ok());
        let ended = ended.unwrap_or_else(|| panic!("the second line is {second:?}"));
        Self { child, _output: output, address, ended }
    }

    pub async fn send(&self, request: Request) -> Reply {
        request.send(self.address).await.unwrap()
    }

    /// As `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// With `INT`, as ctrl-c; with `TERM`, as what runs it.
    pub fn end(mut self, signal: &str) -> ExitStatus {
        let signal = format!("-{signal}");
        let signalled = Command::new("kill").args([&signal, &self.child.id().to_string()]).status().unwrap();
        assert!(signalled.success());
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The example's binary beside this test's, built if it is missing or older than its sources.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let binary = profile.join("examples").join("bank");
        if !is_fresh(&binary) {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--package", "event-sourcing-rs", "--all-features", "--example", "bank"]);
            if profile.ends_with("release") {
                cargo.arg("--release");
            }
            assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
        }
        binary
    })
}

/// Cargo lists a binary's sources beside it.
fn is_fresh(binary: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let (Some(built), Ok(list)) = (modified(binary), fs::read_to_string(binary.with_extension("d"))) else {
        return false;
    };
    let sources = list.split_once(": ").map_or("", |(_, sources)| sources);
    sources.split_whitespace().all(|source| modified(Path::new(source)).is_some_and(|time| time <= built))
}
