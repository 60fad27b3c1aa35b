use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Library, Settings, Window};
use crate::traps::rig::Seen;
use crate::traps::server::{Ask, Server};

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let settings = Settings { window: Window::Ticks(100), probes: 3, ..Settings::default() };
    let pause = settings.pause;
    let rig = L::breaker(settings, &Server::default())?;
    ensure(rig.trip(1000).is_some(), || "does not open".to_owned())?;
    rig.time.pass(pause + 1);
    for _ in 0..rig.probes {
        rig.call(Ask::Good);
        rig.time.pass(150);
    }
    let rejected = (0..100).filter(|_| rig.call(Ask::Good) != Seen::Served).count();
    ensure(rejected == 0, || {
        format!("still rejects, {rejected} of 100, after {} good calls", rig.probes)
    })
}
