use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Library, Settings};
use crate::traps::rig::Seen;
use crate::traps::server::{Ask, Server};

const DAY: i64 = 86_400;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let settings = Settings::default();
    let pause = settings.pause;
    let (rig, set_date) = L::dated_breaker(settings, &Server::default())?;
    ensure(rig.trip(1000).is_some(), || "does not open".to_owned())?;
    set_date(DAY);
    ensure(rig.call(Ask::Good) == Seen::Rejected, || "a later date ends the pause".to_owned())?;
    set_date(-DAY);
    rig.time.pass(pause + 1);
    ensure(rig.call(Ask::Good) == Seen::Served, || "an earlier date prolongs it".to_owned())
}
