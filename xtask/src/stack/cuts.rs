//! Servers that are cut off from each other: who is to hear nothing of a sender drops its packets.
//!
//! Nobody stands in between, as a `Wire` of `cargo xtask faults` does: servers outlive the process that started them, and
//! what they advertise to each other would have to be behind wires for ever. A library in each (`cuts.c`) puts filters on its
//! sockets. What TCP holds then arrives late, when the cut is over.

use std::{fmt, fs, net::SocketAddr, path::Path, process::Command, time::Duration};

use super::{Part, Wanted, kafka, place, preload, process::Server};

const SOURCE: &str = include_str!("cuts.c");
/// In a server's folder, what it is cut off from.
const FOLDER: &str = "cuts";
const SEEN_WITHIN: Duration = Duration::from_secs(20);

/// What of a server's messages does not arrive. Nobody is told: whoever sends hears nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cut {
    Both,
    /// What it is sent.
    To,
    /// What it sends: it does what it was asked, and nobody hears of it.
    From,
}

impl Cut {
    pub(crate) const ALL: [Self; 3] = [Self::Both, Self::To, Self::From];

    /// Whether it stops what a server sends, or what it is sent.
    pub(crate) fn stops(self, is_from_it: bool) -> bool {
        match self {
            Self::Both => true,
            Self::To => !is_from_it,
            Self::From => is_from_it,
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Both => "nothing comes to it or from it",
            Self::To => "nothing comes to it",
            Self::From => "nothing comes from it",
        })
    }
}

/// Where what such a part sends comes from: a server's port, or all of the address that it connects from. Of itself, all on
/// loopback connects from one address.
fn source(part: &Part) -> Option<SocketAddr> {
    match part {
        Part::Node(number) => Some(place::address(100 + number, 0)),
        Part::Agent(number) => Some(place::address(110 + number, 0)),
        Part::Broker => Some(kafka::address()),
        _ => None,
    }
}

/// Has the server of that part, which `command` starts in `server`, drop what it is told to. The library is in `libraries`.
pub(super) fn preload(
    command: &mut Command,
    part: &Part,
    server: &Path,
    libraries: &Path,
) -> Result<(), String> {
    let folder = server.join(FOLDER);
    let told = |error| format!("{}: {error}", folder.display());
    // A cut ends with the process.
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(told)?;
    }
    fs::create_dir_all(&folder).map_err(told)?;
    preload::add(command, &preload::library(libraries, "cuts", SOURCE)?);
    command.env("ES_CUTS", folder);
    if let Some(source) = source(part) {
        command.env("ES_FROM", source.ip().to_string());
    }
    Ok(())
}

/// One way from one server to another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) from: SocketAddr,
    pub(super) to: Part,
}

/// The ways that a cut stops: between a node and the others, or between an agent and the broker.
pub(super) fn ways(wanted: Wanted, part: &Part, cut: Cut) -> Result<Vec<Way>, String> {
    let others = match part {
        Part::Node(number) => (1..=wanted.nodes).filter(|other| other != number).map(Part::Node).collect(),
        Part::Agent(_) => vec![Part::Broker],
        _ => Vec::new(),
    };
    let mut ways = Vec::new();
    for other in others {
        if let (true, Some(from)) = (cut.stops(false), source(&other)) {
            ways.push(Way { from, to: part.clone() });
        }
        if let (true, Some(from)) = (cut.stops(true), source(part)) {
            ways.push(Way { from, to: other });
        }
    }
    if ways.is_empty() { Err(format!("{part} has no other server to be cut off from")) } else { Ok(ways) }
}

/// Whether what comes `from` there is to be dropped by the server in that folder. Waits until it is so, if it runs.
pub(super) fn set(server: &Path, from: SocketAddr, is_cut: bool) -> Result<(), String> {
    let folder = server.join(FOLDER);
    let name = from.to_string();
    let (file, seen) = (folder.join(&name), folder.join("seen"));
    let told = |error| format!("{}: {error}", file.display());
    if is_cut {
        fs::write(&file, "").map_err(told)?;
    } else if file.exists() {
        fs::remove_file(&file).map_err(told)?;
    }
    let is_seen = || {
        let text = fs::read_to_string(&seen).unwrap_or_default();
        text.lines().any(|line| line == name) == is_cut
    };
    let Some(running) = Server::find(server) else { return Ok(()) };
    let told = running.wait_until(&format!("still hears {name}, or not again"), SEEN_WITHIN, is_seen);
    // One that has ended meanwhile hears nobody.
    told.or_else(|error| if Server::find(server).is_some() { Err(error) } else { Ok(()) })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{ErrorKind, Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::stack::Pipeline;

    /// Connects to the first port, listens at the second, and says back to each what it is told.
    const ECHO: &str = r#"
        #include <arpa/inet.h>
        #include <poll.h>
        #include <stdlib.h>
        #include <unistd.h>
        int main(int count, char **ports) {
            struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(ports[1]))};
            struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(ports[2]))};
            inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
            inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
            int in = socket(AF_INET, SOCK_STREAM, 0), out = socket(AF_INET6, SOCK_STREAM, 0), size = 2;
            if (bind(in, (void *)&at, sizeof at) || listen(in, 9) || connect(out, (void *)&to, sizeof to))
                return 1;
            struct pollfd streams[9] = {{in, POLLIN, 0}, {out, POLLIN, 0}};
            for (char byte; poll(streams, size, -1) > 0;)
                for (int i = size - 1; i >= 0; i--)
                    if (streams[i].revents && i == 0)
                        streams[size++] = (struct pollfd){accept(in, 0, 0), POLLIN, 0};
                    else if (streams[i].revents && (read(streams[i].fd, &byte, 1) != 1 || write(streams[i].fd, &byte, 1) != 1))
                        return 1;
        }"#;

    const LATE: Duration = Duration::from_secs(20);

    fn hears(stream: &mut TcpStream, within: Duration) -> std::io::Result<u8> {
        stream.set_read_timeout(Some(within)).unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).map(|()| byte[0])
    }

    fn echoes(stream: &mut TcpStream) -> bool {
        stream.write_all(&[7]).unwrap();
        hears(stream, LATE).unwrap() == 7
    }

    /// It is sent something, and says nothing. The byte is on its way.
    fn is_silent(stream: &mut TcpStream, byte: u8) -> bool {
        stream.write_all(&[byte]).unwrap();
        let kind = hears(stream, Duration::from_millis(300)).unwrap_err().kind();
        matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
    }

    #[test]
    fn what_is_cut_off_hears_nothing_of_the_sender_until_it_is_joined_again() {
        let folder = tempfile::tempdir().unwrap();
        let (source, program) = (folder.path().join("echo.c"), folder.path().join("echo"));
        fs::write(&source, ECHO).unwrap();
        assert!(Command::new("cc").arg("-o").arg(&program).arg(&source).status().unwrap().success());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (mine, its) = (listener.local_addr().unwrap(), "127.0.0.1:0");
        let its = TcpListener::bind(its).unwrap().local_addr().unwrap();
        let mut command = Command::new(&program);
        command.arg(mine.port().to_string()).arg(its.port().to_string());
        let server = folder.path().join("server");
        preload(&mut command, &Part::Agent(3), &server, folder.path()).unwrap();
        let running = Server::start(&server, &mut command).unwrap();
        let (mut called, caller) = listener.accept().unwrap();
        assert_eq!(caller.ip(), source_of(&Part::Agent(3)), "it connects from an address of its own");
        let mut calls = TcpStream::connect(its).unwrap();
        assert!(echoes(&mut called) && echoes(&mut calls));

        // By the port: only what it connected to has one that is known.
        set(&server, mine, true).unwrap();
        assert!(is_silent(&mut called, 1) && echoes(&mut calls));
        set(&server, mine, false).unwrap();
        assert_eq!(hears(&mut called, LATE).unwrap(), 1, "what was held comes late");

        // By the address, on connections that there are and on new ones; and nobody else is met.
        let (all, others) = (SocketAddr::new(mine.ip(), 0), "127.0.0.9:0".parse().unwrap());
        set(&server, others, true).unwrap();
        assert!(echoes(&mut called) && echoes(&mut calls));
        set(&server, all, true).unwrap();
        assert!(is_silent(&mut called, 2) && is_silent(&mut calls, 3));
        assert!(TcpStream::connect_timeout(&its, Duration::from_millis(300)).is_err());
        set(&server, all, false).unwrap();
        assert_eq!((hears(&mut called, LATE).unwrap(), hears(&mut calls, LATE).unwrap()), (2, 3));
        assert!(echoes(&mut TcpStream::connect(its).unwrap()));

        // A cut ends with the process.
        set(&server, all, true).unwrap();
        running.stop().unwrap();
        preload(&mut Command::new(&program), &Part::Broker, &server, folder.path()).unwrap();
        assert!(!server.join(FOLDER).join(all.to_string()).exists());
    }

    fn source_of(part: &Part) -> std::net::IpAddr {
        source(part).unwrap().ip()
    }

    #[test]
    fn a_node_is_cut_off_from_all_others_and_an_agent_from_the_broker() {
        let wanted = Wanted::cassandra("5.0.9", 3).with(Pipeline::Standalone).with_cuts();
        let cut = |part: Part, cut| {
            let ways = ways(wanted, &part, cut).unwrap();
            ways.into_iter().map(|way| (way.from, way.to)).collect::<Vec<_>>()
        };
        let (node, agent) = (Part::Node, Part::Agent);
        let from = |part| source(&part).unwrap();
        assert_eq!(cut(node(2), Cut::To), [(from(node(1)), node(2)), (from(node(3)), node(2))]);
        assert_eq!(cut(node(2), Cut::From), [(from(node(2)), node(1)), (from(node(2)), node(3))]);
        assert_eq!(cut(node(2), Cut::Both).len(), 4);
        assert_eq!(cut(agent(1), Cut::To), [(kafka::address(), agent(1))]);
        assert_eq!(cut(agent(1), Cut::From), [(from(agent(1)), Part::Broker)]);
        assert_eq!(cut(agent(1), Cut::Both).len(), 2);
        assert!(ways(Wanted { nodes: 1, ..wanted }, &node(1), Cut::Both).is_err());
        assert!(ways(wanted, &Part::Postgres, Cut::Both).is_err());
    }
}
