use super::none_of;
use crate::traps::library::{Library, Settings};
use crate::traps::server::{Ask, Server};
use crate::traps::{Trouble, Verdict};

/// How many calls the window has.
const WINDOW: u32 = 10;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let mut seen = Vec::new();
    for good in [10, 1000, 10_000] {
        seen.extend(after::<L>(good)?);
    }
    none_of(&seen)
}

fn after<L: Library>(good: u32) -> Result<Option<String>, Trouble> {
    let rig = L::breaker(Settings::default(), &Server::default())?;
    for _ in 0..good {
        rig.call(Ask::Good);
    }
    // What a window of time forgets by itself is no slide of one of calls.
    rig.time.pass(2 * rig.age);
    let failures = rig.trip(2 * good + WINDOW);
    Ok(match failures {
        Some(..=WINDOW) => None,
        Some(failures) => Some(format!("opens {failures} failures after {good} good calls")),
        None => Some(format!("does not open after {good} good calls")),
    })
}
