use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Library, Settings, Window};
use crate::traps::server::{Ask, Server};

/// How many good calls come one by one, before the failures come all at once.
const GOOD: u32 = 100;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let settings = Settings { window: Window::Ticks(GOOD), ..Settings::default() };
    let rig = L::breaker(settings, &Server::default())?;
    for _ in 0..GOOD {
        rig.call(Ask::Good);
        rig.time.pass(1);
    }
    let failures = rig.trip(10 * GOOD);
    // Half of the calls, and what the last slice of a window may still hold.
    let most = GOOD + GOOD / 5;
    ensure(failures.is_some_and(|failures| failures <= most), || match failures {
        Some(failures) => format!("opens after {failures} failures to {GOOD} good calls"),
        None => format!("bears {} failures to {GOOD} good calls", 10 * GOOD),
    })
}
