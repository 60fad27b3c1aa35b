use std::{
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
};

use super::{error::ServerError, random};

/// Below the ports that Linux (from 32768) and macOS (from 49152) hand to outgoing connections.
///
/// A port out of their range would now and then be taken while its server is stopped, once even by
/// the client that keeps trying to reach it: a socket can connect to itself.
const RANGE: Range<u16> = 15_000..32_000;

/// A loopback port nobody listens on, and which this process has not handed out before.
///
/// Another process can still take it before it is used: be ready to try again.
pub fn free_port() -> Result<u16, ServerError> {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    // A random start keeps test processes that run side by side out of each other's way.
    let next = NEXT.get_or_init(|| AtomicU16::new(random::below(RANGE.end)));
    let width = RANGE.end - RANGE.start;
    (0..width)
        .map(|_| RANGE.start + next.fetch_add(1, Ordering::Relaxed) % width)
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .ok_or_else(|| ServerError::new("no free loopback port between 15000 and 32000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_not_handed_out_twice() {
        let first = free_port().unwrap();
        let second = free_port().unwrap();
        assert_ne!(first, second);
        assert!(RANGE.contains(&first) && RANGE.contains(&second));

        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, second)).unwrap();
        assert_ne!(free_port().unwrap(), second);
    }
}
