use std::task::Poll;

use super::ROUNDS;
use crate::probe::caller::{Caller, InFlight, Outcome};
use crate::probe::error::ProbeError;
use crate::probe::layered::Answer;
use crate::probe::message::BoxError;
use crate::probe::rig::{Checked, Rig, ensure};
use crate::probe::state::Readiness;
use crate::probe::subject::{Errors, Subject, WhileNotReady};

/// The inner service is called in the very value that said it is ready, and once for each call.
///
/// Checked for a service that is called again and again, and for clones that are called once each.
pub fn inner_is_called_only_when_ready(subject: &Subject) {
    subject.obeys("inner_is_called_only_when_ready", |rig, mut service| {
        for number in 0..3 {
            service.passes(2 * number)?;
            service.clone().passes(2 * number + 1)?;
        }
        ensure(rig.counts().calls == 6, "six calls did not come to six calls of the inner service")
    });
}

/// While the inner service is not ready, neither is the layer's, and the last task that asked is
/// woken when that changes. A layer that rejects or queues instead does not call it meanwhile.
pub fn pending_is_passed_on_and_woken(subject: &Subject) {
    subject.obeys("pending_is_passed_on_and_woken", |rig, mut service| {
        rig.handle.set_readiness(Readiness::Pending);
        match rig.expected.while_not_ready {
            WhileNotReady::Waits => waits(rig, &mut service)?,
            WhileNotReady::Rejects => rejects(rig, &mut service)?,
            WhileNotReady::Queues => queues(rig, &mut service)?,
        }
        service.passes(2)
    });
}

fn waits(rig: &Rig, service: &mut Caller<'_>) -> Checked {
    for _ in 0..2 {
        ensure(service.poll_ready().is_pending(), "it is ready before the inner service is")?;
    }
    become_ready(rig);
    ensure(service.woken(), "the inner service became ready, and nobody was woken")
}

fn rejects(rig: &Rig, service: &mut Caller<'_>) -> Checked {
    service.become_ready()?;
    let outcome = service.call(1).outcome()?;
    ensure(rig.counts().calls == 0, "the inner service was called while it was not ready")?;
    become_ready(rig);
    rejected(&outcome)
}

fn queues(rig: &Rig, service: &mut Caller<'_>) -> Checked {
    service.become_ready()?;
    let mut call = service.call(1);
    for _ in 0..2 {
        ensure(call.poll().is_pending(), "the call ended before the inner service was ready")?;
    }
    ensure(rig.counts().calls == 0, "the inner service was called while it was not ready")?;
    become_ready(rig);
    ensure(call.woken(), "the inner service became ready, and the call was not woken")?;
    call.passes(1)
}

fn become_ready(rig: &Rig) {
    rig.handle.set_readiness(Readiness::Ready);
    rig.settle();
}

/// Ready stays ready: who asks twice has reserved once, and the call that follows is answered.
pub fn readiness_asked_twice_reserves_once(subject: &Subject) {
    subject.obeys("readiness_asked_twice_reserves_once", |rig, mut service| {
        for _ in 0..3 {
            service.become_ready()?;
            ensure(
                rig.counts().reserved <= 1,
                "more than one value of the inner service is ready",
            )?;
        }
        service.call(1).passes(1)?;
        rig.nothing_is_held()
    });
}

/// An error of the inner service's readiness reaches the caller, with its type: at once, or, of a
/// layer that is ready nevertheless, as the end of the next call. The inner service is not called.
pub fn the_error_of_readiness_is_surfaced(subject: &Subject) {
    subject.obeys("the_error_of_readiness_is_surfaced", |rig, mut service| {
        rig.handle.set_readiness(Readiness::Fails);
        match service.poll_ready() {
            Poll::Pending => Err("it is pending, though the inner service has failed".to_owned()),
            Poll::Ready(Err(error)) => {
                let passes = rig.expected.errors == Errors::Passed;
                ensure(passes, "it should answer errors, and has failed")?;
                reachable(&error, ProbeError::NotReady)
            }
            Poll::Ready(Ok(())) => surfaces(rig, &mut service.call(1)),
        }?;
        ensure(rig.counts().calls == 0, "the inner service was called after it had failed")
    });
}

fn surfaces(rig: &Rig, call: &mut InFlight<'_>) -> Checked {
    let outcome = call.outcome()?;
    rejected(&outcome)?;
    carries(rig, outcome, ProbeError::NotReady)
}

/// A service whose inner one has failed to become ready holds no place that others could have,
/// even while it is kept.
pub fn a_failed_service_holds_nothing(subject: &Subject) {
    let expected = subject.expected;
    if expected.keeps_place_when_failed || expected.while_not_ready == WhileNotReady::Queues {
        return;
    }
    subject.obeys("a_failed_service_holds_nothing", |rig, mut service| {
        rig.handle.set_readiness(Readiness::Fails);
        let mut failed = Vec::new();
        for _ in 0..ROUNDS {
            let mut other = service.clone();
            ensure(other.poll_ready().is_ready(), "the failed services before it are in the way")?;
            failed.push(other);
        }
        rig.handle.set_readiness(Readiness::Ready);
        service.passes(1)
    });
}

/// The call was not answered by the inner service.
pub(super) fn rejected(outcome: &Outcome) -> Checked {
    match outcome {
        Outcome::Answered(Answer::Passed(_)) => {
            Err("the inner service has answered where it could not".to_owned())
        }
        Outcome::Panicked => Err("the call panicked".to_owned()),
        Outcome::Answered(Answer::Other(_)) | Outcome::Failed(_) => Ok(()),
    }
}

/// The call ended with the probe's error, or was answered if that is what the layer is for.
pub(super) fn carries(rig: &Rig, outcome: Outcome, expected: ProbeError) -> Checked {
    match (rig.expected.errors, outcome) {
        (Errors::Passed, Outcome::Failed(error)) => reachable(&error, expected),
        (Errors::Answered, Outcome::Answered(_)) => Ok(()),
        (_, other) => Err(format!("the call ended otherwise than was said: {other:?}")),
    }
}

/// The probe's error is in the chain of causes, as itself.
fn reachable(error: &BoxError, expected: ProbeError) -> Checked {
    let mut link: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
    while let Some(error) = link {
        if error.downcast_ref() == Some(&expected) {
            return Ok(());
        }
        link = error.source();
    }
    Err(format!("the inner error is not among the causes of {error:?}"))
}
