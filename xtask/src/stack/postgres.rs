//! PostgreSQL, from Debian's package, on a data directory of the stack's own.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::{Door, place, process::Server};
use crate::system;

const PACKAGES: &str = "postgresql";
/// Not the port of a PostgreSQL that the machine may have anyway.
const PORT: u16 = 54320;
/// Debian's package makes this user; the server refuses to run as root.
const USER: &str = "postgres";
const UP_WITHIN: Duration = Duration::from_secs(120);

/// Of its folder's name, which goes on with the version: data files of two versions do not mix.
pub(super) const KIND: &str = "postgres";

/// Whether a server's folder is PostgreSQL's.
pub(super) fn is(server: &Path) -> bool {
    let kind = server.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    kind.is_some_and(|kind| kind.starts_with(KIND))
}

fn address() -> SocketAddr {
    place::address(1, PORT)
}

/// Where tests and examples find it: `ES_POSTGRES_URL`.
pub(crate) fn url() -> String {
    url_at(&address().to_string())
}

/// The same, behind another address.
pub(crate) fn url_at(address: &str) -> String {
    format!("postgres://{USER}@{address}/postgres")
}

/// Where whoever stands between it and its clients may listen.
pub(super) fn door() -> Door {
    Door { outside: place::address(1, PORT + 1), inside: address() }
}

pub(super) fn folder(stack: &Path) -> Result<PathBuf, String> {
    programs().map(|(version, _)| folder_of(stack, version))
}

fn folder_of(stack: &Path, version: u32) -> PathBuf {
    stack.join(format!("{KIND}-{version}")).join("server")
}

/// Starts the server below the folder `stack`, unless it runs, and waits until it answers. Says what it started.
pub(super) fn up(stack: &Path) -> Result<Vec<String>, String> {
    let (version, bin) = programs()?;
    let folder = folder_of(stack, version);
    let (server, started) = match Server::find(&folder) {
        Some(server) => (server, false),
        None => (start(&folder, &bin)?, true),
    };
    // It takes connections before it takes queries, for as long as it recovers from a crash.
    server.wait_until("takes no queries", UP_WITHIN, || is_ready(&bin))?;
    Ok(if started { vec![server.name()] } else { Vec::new() })
}

fn start(folder: &Path, bin: &Path) -> Result<Server, String> {
    let data = folder.join("data");
    if !data.join("PG_VERSION").exists() {
        make(&data, bin)?;
    }
    let mut command = as_its_user(&bin.join("postgres"));
    command.arg("-D").arg(&data);
    for setting in [
        format!("listen_addresses={}", address().ip()),
        format!("port={PORT}"),
        // No socket file: only the address above.
        "unix_socket_directories=".to_owned(),
        "max_connections=300".to_owned(),
    ] {
        command.args(["-c", &setting]);
    }
    println!("postgres: starts at {}", address());
    Server::start(folder, &mut command)
}

/// A new data directory, in which everybody who reaches the server on this machine's loopback may do everything.
fn make(data: &Path, bin: &Path) -> Result<(), String> {
    let told = |error| format!("{}: {error}", data.display());
    fs::create_dir_all(data).map_err(told)?;
    if system::is_root() {
        run(Command::new("chown").arg(USER).arg(data))?;
    }
    let mut command = as_its_user(&bin.join("initdb"));
    command.arg("--pgdata").arg(data).args(["--username", USER, "--auth", "trust"]);
    run(command.args(["--encoding", "UTF8", "--locale", "C"]))
}

/// `program`, not as root.
fn as_its_user(program: &Path) -> Command {
    if !system::is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={USER}")).arg(format!("--regid={USER}")).arg("--init-groups");
    // The working tree may be where only root gets in.
    command.args(["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]).arg(program);
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{:?} did not start: {error}", command.get_program()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{:?} ended with {}: {said}", command.get_program(), output.status))
}

fn is_ready(bin: &Path) -> bool {
    let mut command = Command::new(bin.join("pg_isready"));
    command.args(["--quiet", "--host", &address().ip().to_string(), "--port", &PORT.to_string()]);
    command.status().is_ok_and(|status| status.success())
}

/// The newest version that is installed, and its programs; installed first where there is none.
fn programs() -> Result<(u32, PathBuf), String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    system::install("PostgreSQL, in which tests keep views", PACKAGES)?;
    find().ok_or_else(|| format!("there is no PostgreSQL after `{}`", system::install_line(PACKAGES)))
}

fn find() -> Option<(u32, PathBuf)> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = installed.filter_map(|entry| {
        let version = entry.file_name().to_str()?.parse().ok()?;
        let bin = entry.path().join("bin");
        bin.join("initdb").exists().then_some((version, bin))
    });
    versions.max()
}
