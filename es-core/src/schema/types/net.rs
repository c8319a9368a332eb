use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

super::scalar! {
    Ip: IpAddr;
    Ipv4: Ipv4Addr;
    Ipv6: Ipv6Addr;
}
