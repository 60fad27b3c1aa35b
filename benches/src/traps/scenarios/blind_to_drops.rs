use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Library, Settings};
use crate::traps::rig::Seen;
use crate::traps::server::{Ask, Server};

/// How many calls are dropped. After every third, one is good.
const DROPS: u32 = 200;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let settings = Settings { drops_fail: true, ..Settings::default() };
    let rig = L::breaker(settings, &Server::default())?;
    let opened = (0..DROPS).any(|drop| {
        if drop % 3 == 0 {
            rig.call(Ask::Good);
        }
        // What hangs is dropped at the end of the statement.
        rig.start(Ask::Hang).seen == Seen::Rejected
    });
    ensure(opened, || format!("stays closed, with {DROPS} calls dropped, three of four"))
}
