use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Library, Settings};
use crate::traps::rig::{Flight, Seen};
use crate::traps::server::{Ask, Server};

/// For how many pauses it is watched.
const PAUSES: u32 = 8;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let settings = Settings::default();
    let pause = settings.pause;
    let rig = L::breaker(settings, &Server::default())?;
    ensure(rig.trip(1000).is_some(), || "does not open".to_owned())?;
    rig.time.pass(pause + 1);
    let hung: Vec<Flight> = std::iter::repeat_with(|| rig.start(Ask::Hang))
        .take_while(|flight| flight.seen == Seen::Waits)
        .take(1000)
        .collect();
    ensure(hung.len() < 1000, || "lets in 1000 probes at once".to_owned())?;
    let escaped = (0..PAUSES).any(|_| {
        rig.time.pass(pause + 1);
        rig.call(Ask::Good) == Seen::Served
    });
    ensure(escaped, || format!("nobody was let in for {PAUSES} pauses, {} hung", hung.len()))
}
