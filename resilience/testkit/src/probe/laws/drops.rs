use super::ROUNDS;
use crate::probe::caller::{Caller, Outcome};
use crate::probe::layered::Answer;
use crate::probe::rig::{Checked, Rig, ensure};
use crate::probe::state::{Readiness, Reply};
use crate::probe::subject::Subject;

/// A service dropped while it waits for readiness leaves nothing taken.
pub fn drop_while_waiting_gives_back(subject: &Subject) {
    subject.obeys("drop_while_waiting_gives_back", |rig, mut service| {
        rig.handle.set_readiness(Readiness::Pending);
        for _ in 0..ROUNDS {
            let mut waiting = service.clone();
            let _ = waiting.poll_ready();
            drop(waiting);
            rig.nothing_is_held()?;
        }
        rig.handle.set_readiness(Readiness::Ready);
        service.passes(1)
    });
}

/// A service dropped after it was ready and before it was called gives back what it had reserved,
/// and what the inner service had.
pub fn drop_before_the_call_gives_back(subject: &Subject) {
    subject.obeys("drop_before_the_call_gives_back", |rig, mut service| {
        for _ in 0..ROUNDS {
            let mut ready = service.clone();
            ready.become_ready()?;
            drop(ready);
            rig.nothing_is_held()?;
        }
        ensure(rig.counts().calls == 0, "the inner service was called, though nobody has called")?;
        service.passes(1)
    });
}

/// A call dropped at any point, also before its first poll, ends the inner call there and then,
/// and gives back its place.
pub fn drop_in_flight_ends_the_inner_call(subject: &Subject) {
    subject.obeys("drop_in_flight_ends_the_inner_call", |rig, mut service| {
        rig.handle.hold();
        for round in 0..ROUNDS {
            let polls = round % 3;
            let mut caller = service.clone();
            dropped_after(&mut caller, round, polls)?;
            // The service that was called is kept: what is given back is the future's.
            rig.nothing_is_held()?;
        }
        rig.handle.reply(Reply::Respond);
        service.passes(ROUNDS)
    });
}

/// A response whose body is dropped in the middle gives back whatever the body held.
///
/// Holds for HTTP only.
pub fn a_body_dropped_midway_gives_back(subject: &Subject) {
    if !subject.expected.http {
        return;
    }
    subject.obeys("a_body_dropped_midway_gives_back", |rig, mut service| {
        rig.handle.stall_bodies(true);
        for round in 0..ROUNDS {
            dropped_after(&mut service.clone(), round, 1)?;
            rig.nothing_is_held()?;
        }
        rig.handle.stall_bodies(false);
        service.passes(ROUNDS)
    });
}

fn dropped_after(caller: &mut Caller<'_>, number: u64, polls: u64) -> Checked {
    caller.become_ready()?;
    let mut call = caller.call(number);
    for _ in 0..polls {
        ensure(call.poll().is_pending(), "a call ended that the inner service had not ended")?;
    }
    Ok(())
}

/// A panic of the inner service reaches the caller, as a panic, an error or a response, and leaves
/// nothing taken.
pub fn a_panic_leaves_nothing_behind(subject: &Subject) {
    subject.obeys("a_panic_leaves_nothing_behind", |rig, mut service| {
        rig.handle.reply(Reply::Panic);
        for round in 0..ROUNDS {
            let mut caller = service.clone();
            panics(rig, &mut caller, round)?;
        }
        rig.handle.reply(Reply::Respond);
        service.passes(ROUNDS)
    });
}

fn panics(rig: &Rig, caller: &mut Caller<'_>, number: u64) -> Checked {
    caller.become_ready()?;
    let outcome = caller.call(number).outcome()?;
    let passed = matches!(outcome, Outcome::Answered(Answer::Passed(_)));
    ensure(!passed, "a call was answered that had panicked")?;
    rig.nothing_is_held()
}

/// A call goes on after the service that was called is dropped.
pub fn the_future_stands_alone(subject: &Subject) {
    subject.obeys("the_future_stands_alone", |rig, mut service| {
        service.become_ready()?;
        let mut call = service.call(1);
        drop(service);
        call.passes(1)?;
        rig.nothing_is_held()
    });
}
