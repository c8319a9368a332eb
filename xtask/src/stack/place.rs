//! Where the stack's servers are: on loopback addresses only.

use std::net::SocketAddr;

/// The first three numbers of their addresses; a Cassandra node's own number is the fourth.
const NETWORK: [u8; 3] = [127, 0, 0];
/// Node 1 offers JMX to local processes at the port after it, and so on.
pub(super) const JMX: u16 = 7198;

/// Port `port` of host `number`, from 1.
pub(super) fn address(number: u8, port: u16) -> SocketAddr {
    let [a, b, c] = NETWORK;
    SocketAddr::from(([a, b, c, number], port))
}

/// Host `number`, from 1.
pub(super) fn host(number: u8) -> String {
    address(number, 0).ip().to_string()
}
