use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::{Library, Settings};
use crate::traps::rig::Seen;
use crate::traps::server::{Ask, Readiness, Server};

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let server = Server::default();
    let rig = L::breaker(Settings { pause: 1000, ..Settings::default() }, &server)?;
    ensure(rig.trip(1000).is_some(), || "does not open".to_owned())?;
    server.be(Readiness::Never);
    let seen = rig.call(Ask::Good);
    ensure(seen == Seen::Rejected, || "waits for the service behind it".to_owned())
}
