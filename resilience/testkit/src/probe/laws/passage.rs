use std::task::Poll;

use super::readiness::{carries, rejected};
use crate::probe::caller::Caller;
use crate::probe::error::ProbeError;
use crate::probe::rig::{Checked, Rig, ensure};
use crate::probe::state::Reply;
use crate::probe::subject::Subject;

/// Request and response pass unchanged. Of HTTP ones: method, URI, version, headers, extensions,
/// body and trailers; more headers and extensions may be added.
pub fn request_and_response_pass(subject: &Subject) {
    subject.obeys("request_and_response_pass", |_, mut service| service.passes(7));
}

/// An error of the inner service's call is found among the causes of the layer's, with its type;
/// of a layer that answers errors, it becomes a response. The inner service is called once, unless
/// the layer repeats what has failed.
pub fn the_inner_error_stays_reachable(subject: &Subject) {
    subject.obeys("the_inner_error_stays_reachable", |rig, mut service| {
        rig.handle.reply(Reply::Fail);
        service.become_ready()?;
        let outcome = service.call(1).outcome()?;
        let once = rig.counts().calls == 1;
        ensure(once || rig.expected.repeats, "a call that failed was repeated")?;
        rig.nothing_is_held()?;
        rejected(&outcome)?;
        carries(rig, outcome, ProbeError::Failed(1))
    });
}

/// The task that polled a call last is woken when the inner call ends.
pub fn the_last_poller_of_a_call_is_woken(subject: &Subject) {
    subject.obeys("the_last_poller_of_a_call_is_woken", |rig, mut service| {
        rig.handle.hold();
        service.become_ready()?;
        let mut call = service.call(1);
        for _ in 0..2 {
            ensure(call.poll().is_pending(), "a call ended that the inner service had not ended")?;
        }
        ensure(rig.handle.answer(1, Reply::Respond), "the inner service was not called")?;
        rig.settle();
        ensure(call.woken(), "the inner call ended, and nobody was woken")?;
        call.passes(1)
    });
}

/// Of two calls at once, each has its own answer, in whichever order they come.
pub fn answers_go_to_their_own_callers(subject: &Subject) {
    subject.obeys("answers_go_to_their_own_callers", |rig, mut service| {
        rig.handle.hold();
        let mut other = service.clone();
        service.become_ready()?;
        let mut first = service.call(1);
        if other.poll_ready().is_pending() {
            // There is one place only.
            rig.handle.reply(Reply::Respond);
            return first.passes(1);
        }
        let mut second = other.call(2);
        ensure(first.poll().is_pending(), "a call ended that the inner service had not ended")?;
        if rig.expected.admits != Some(1) {
            ensure(second.poll().is_pending(), "a call ended without the inner service")?;
            ensure(rig.handle.answer(2, Reply::Respond), "the inner service was not called")?;
            second.passes(2)?;
        }
        ensure(first.poll().is_pending(), "a call has ended with another one's answer")?;
        ensure(rig.handle.answer(1, Reply::Respond), "the inner service was not called")?;
        first.passes(1)
    });
}

/// A layer that admits so many calls at once admits so many and no more, not even a clone of one
/// it has admitted, and the next one when one of them has ended.
pub fn no_more_run_than_are_admitted(subject: &Subject) {
    let Some(admitted) = subject.expected.admits else { return };
    subject.obeys("no_more_run_than_are_admitted", |rig, mut service| {
        rig.handle.hold();
        let mut running = Vec::new();
        for number in 0..admitted as u64 {
            service.become_ready()?;
            let clone = service.clone();
            let mut call = std::mem::replace(&mut service, clone).call(number);
            ensure(call.poll().is_pending(), "a call ended that the inner service had not ended")?;
            running.push(call);
        }
        let waits = not_admitted(rig, &mut service, admitted)?;
        running.pop();
        rig.settle();
        ensure(!waits || service.woken(), "a place became free, and nobody was woken")?;
        rig.handle.reply(Reply::Respond);
        service.passes(admitted as u64)
    });
}

/// One more is rejected, or waits; says whether it waits.
fn not_admitted(rig: &Rig, service: &mut Caller<'_>, admitted: usize) -> Checked<bool> {
    match service.poll_ready() {
        Poll::Pending => return Ok(true),
        Poll::Ready(Err(error)) => return Err(format!("readiness failed: {error}")),
        Poll::Ready(Ok(())) => {}
    }
    let mut call = service.call(u64::MAX);
    let polled = call.poll();
    ensure(rig.counts().calls == admitted, "it has admitted more than it says")?;
    match polled {
        Poll::Ready(outcome) => rejected(&outcome)?,
        Poll::Pending => rejected(&call.outcome()?)?,
    }
    Ok(false)
}
