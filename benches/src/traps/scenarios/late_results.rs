use super::{ensure, none_of};
use crate::traps::library::{Library, Settings};
use crate::traps::rig::{Later, Rig, Seen};
use crate::traps::server::{Ask, Server};
use crate::traps::{Trouble, Verdict};

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let mut seen = Vec::new();
    for (old, name) in [
        (from_closed::<L> as fn() -> Old, "from before it opened"),
        (from_first_round::<L>, "from an earlier round of probes"),
    ] {
        if old()?.is_some_and(late_failure_counts) {
            seen.push(format!("reopens at a failure {name}"));
        }
        if old()?.is_some_and(late_success_counts) {
            seen.push(format!("closes at a success {name}"));
        }
    }
    ensure(from_closed::<L>()?.is_some(), || "does not open and probe".to_owned())?;
    none_of(&seen)
}

/// A breaker that probes, with a probe under way, and a call that is older than this round.
struct Round {
    rig: Rig,
    old: Later,
    probe: Later,
}

/// There is none where a breaker does not get that far.
type Old = Result<Option<Round>, Trouble>;

const PAUSE: u32 = 50;

fn from_closed<L: Library>() -> Old {
    let settings = Settings { pause: PAUSE, ..Settings::default() };
    let rig = L::breaker(settings, &Server::default())?;
    let old = rig.start_later();
    Ok(if rig.trip(1000).is_some() { probing(rig, old) } else { None })
}

/// The first probe goes on, while a second one fails.
fn from_first_round<L: Library>() -> Old {
    let settings = Settings { pause: PAUSE, probes: 2, ..Settings::default() };
    let rig = L::breaker(settings, &Server::default())?;
    rig.trip(1000);
    rig.time.pass(PAUSE + 1);
    let old = rig.start_later();
    let reopened = (0..4).any(|_| {
        let failed = rig.call(Ask::Bad) == Seen::Failed;
        rig.time.pass(PAUSE + 1);
        failed
    });
    Ok(if reopened { probing(rig, old) } else { None })
}

fn probing(rig: Rig, old: Later) -> Option<Round> {
    rig.time.pass(PAUSE + 1);
    let probe = rig.start_later();
    let both = old.flight.seen == Seen::Waits && probe.flight.seen == Seen::Waits;
    both.then_some(Round { rig, old, probe })
}

/// Whether it does not close, though all probes of this round are good.
fn late_failure_counts(round: Round) -> bool {
    round.old.end(false);
    round.probe.end(true);
    round.rig.call(Ask::Good);
    round.rig.call(Ask::Good) != Seen::Served
}

/// Whether it does not open, though the probe of this round fails.
fn late_success_counts(round: Round) -> bool {
    round.old.end(true);
    round.probe.end(false);
    round.rig.call(Ask::Good) != Seen::Rejected
}
