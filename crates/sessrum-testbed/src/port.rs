use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;

use crate::random;

/// Ports that the kernel gives to no outgoing connection.
const PORTS: RangeInclusive<u16> = 16_384..=32_767;

/// A free TCP port of this machine, kept also while no server listens on it.
pub struct Port {
    address: SocketAddr,
    /// The UDP socket of the same number, which keeps the port from other tests.
    _kept: UdpSocket,
}

impl Port {
    /// One that no server and no other test has.
    #[must_use]
    pub fn free() -> Self {
        let [first, second, ..] = random::number().to_le_bytes();
        let start = u16::from_le_bytes([first, second]) % 16_384;
        let later = PORTS.skip(start.into());
        later.chain(PORTS).find_map(Self::keep).expect("no port is free")
    }

    fn keep(port: u16) -> Option<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let kept = UdpSocket::bind(address).ok()?;
        TcpListener::bind(address).ok()?;
        Some(Self { address, _kept: kept })
    }

    /// The port, on 127.0.0.1.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let one = Port::free();
        assert!(TcpListener::bind(one.address).is_ok(), "it is free");
        assert!(Port::keep(one.address.port()).is_none(), "it is kept");
        let listening = Port::free();
        let _listener = TcpListener::bind(listening.address).unwrap();
        let port = listening.address.port();
        drop(listening);
        assert!(Port::keep(port).is_none(), "it is used");
    }
}
