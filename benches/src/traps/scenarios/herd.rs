use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Library, Settings};
use crate::traps::rig::{Rig, Seen};
use crate::traps::server::{Ask, Server};

const BREAKERS: usize = 100;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let settings = Settings::default();
    let pause = settings.pause;
    let server = Server::default();
    let breakers = (0..BREAKERS).map(|_| L::breaker(settings.clone(), &server));
    let mut rigs: Vec<Rig> = breakers.collect::<Result<_, _>>()?;
    let open = rigs.iter().filter(|rig| rig.trip(1000).is_some()).count();
    ensure(open == BREAKERS, || "does not open".to_owned())?;
    let mut probed = Vec::new();
    for tick in 0..4 * pause {
        pass_one(&rigs);
        rigs.retain(|rig| rig.call(Ask::Hang) == Seen::Rejected);
        probed.resize(BREAKERS - rigs.len(), tick);
    }
    ensure(rigs.is_empty(), || format!("{} of {BREAKERS} never probe", rigs.len()))?;
    let spread = probed.last().zip(probed.first()).map_or(0, |(last, first)| last - first);
    ensure(spread >= pause / 10, || {
        format!(
            "{BREAKERS} breakers probe within {spread} % of the pause",
            spread = spread * 100 / pause
        )
    })
}

/// One tick for each, and for all at once where that is the system's.
fn pass_one(rigs: &[Rig]) {
    for rig in rigs {
        rig.time.pass(1);
        if rig.time.real {
            return;
        }
    }
}
