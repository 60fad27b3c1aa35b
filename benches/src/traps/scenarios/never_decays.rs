use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Host, Library};

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let host = L::growing_pauses()?;
    let pauses: Vec<u32> = (0..4).map(|_| pause(&host)).collect();
    let first = pauses.first().copied().unwrap_or_default();
    let last = pauses.last().copied().unwrap_or_default();
    ensure(first > 0, || "is never put out".to_owned())?;
    ensure(2 * last <= 3 * first, || {
        let pauses: Vec<String> = pauses.iter().map(ToString::to_string).collect();
        format!("pauses of {} ticks, with a thousand good calls between", pauses.join(", "))
    })
}

/// Fails until the host is out, waits until it is back, and then is good for a long time. How many
/// ticks it was out.
fn pause(host: &Host) -> u32 {
    for _ in 0..100 {
        if (host.is_out)() {
            break;
        }
        (host.fail)();
    }
    let mut ticks = 0;
    while (host.is_out)() && ticks < 1000 {
        host.time.pass(1);
        ticks += 1;
    }
    for _ in 0..1000 {
        (host.succeed)();
    }
    host.time.pass(50);
    ticks
}
