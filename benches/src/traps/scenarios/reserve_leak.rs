use std::task::{Context, Poll, Waker};

use tower_service::Service;

use super::{ensure, failure, none_of};
use crate::traps::Verdict;
use crate::traps::library::{Library, Settings};
use crate::traps::rig::{Boxed, Seen, runtime, start};
use crate::traps::server::{Ask, Failure, Readiness, Server};

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let verdicts = [breaker::<L>(), limit::<L>()];
    let seen: Vec<String> = verdicts.iter().filter_map(failure).collect();
    none_of(&seen)?;
    // Either is enough to be asked.
    let [breaker, limit] = verdicts;
    breaker.or(limit)
}

/// A clone is readied to probe, and dropped.
fn breaker<L: Library>() -> Verdict {
    let settings = Settings::default();
    let pause = settings.pause;
    let rig = L::breaker(settings, &Server::default())?;
    ensure(rig.trip(1000).is_some(), || "does not open".to_owned())?;
    rig.time.pass(pause + 1);
    drop(readied(&rig.service));
    let seen = rig.call(Ask::Good);
    ensure(seen == Seen::Served, || "the probe of a dropped clone is lost".to_owned())
}

fn limit<L: Library>() -> Verdict {
    let server = Server::default();
    let entered = runtime().enter();
    let service = L::waiting_limit(1, &server)?;
    drop(entered);
    drop(readied(&service));
    let seen = start(&service, Ask::Good).seen;
    ensure(seen == Seen::Served, || "the permit of a dropped clone is lost".to_owned())?;
    server.be(Readiness::Fails);
    let (_kept, ready) = readied(&service);
    server.be(Readiness::Ready);
    let seen = start(&service, Ask::Good).seen;
    ensure(matches!(ready, Poll::Ready(Err(_))), || "hides that readiness failed".to_owned())?;
    ensure(seen == Seen::Served, || "a clone whose readiness failed keeps its permit".to_owned())
}

/// A clone that was asked whether it is ready, and what it said.
fn readied(service: &Boxed) -> (Boxed, Poll<Result<(), Failure>>) {
    let _entered = runtime().enter();
    let mut clone = service.clone();
    let ready = clone.poll_ready(&mut Context::from_waker(Waker::noop()));
    (clone, ready)
}
