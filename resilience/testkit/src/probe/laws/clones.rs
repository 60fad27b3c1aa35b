use std::task::Poll;

use crate::probe::rig::ensure;
use crate::probe::state::Readiness;
use crate::probe::subject::{Subject, WhileNotReady};

/// A clone of a ready service is not ready by that, and the original stays ready.
///
/// A clone that says it is ready is called, so that the probe sees whether it was. One that has to
/// wait, where there is one place, has to be woken when that is free.
pub fn a_clone_has_no_readiness(subject: &Subject) {
    subject.obeys("a_clone_has_no_readiness", |rig, mut service| {
        service.become_ready()?;
        let mut clone = service.clone();
        ensure(rig.counts().reserved <= 1, "cloning has reserved a second time")?;
        match clone.poll_ready() {
            Poll::Pending => {}
            Poll::Ready(Ok(())) => clone.call(1).passes(1)?,
            Poll::Ready(Err(error)) => return Err(format!("the clone has failed: {error}")),
        }
        service.call(2).passes(2)?;
        drop(service);
        rig.nothing_is_violated()?;
        clone.passes(3)
    });
}

/// A clone of a service that has failed to become ready may become ready itself.
pub fn a_clone_does_not_inherit_a_failure(subject: &Subject) {
    if subject.expected.while_not_ready == WhileNotReady::Queues {
        return;
    }
    subject.obeys("a_clone_does_not_inherit_a_failure", |rig, mut service| {
        rig.handle.set_readiness(Readiness::Fails);
        ensure(service.poll_ready().is_ready(), "it waits for what has failed")?;
        let mut clone = service.clone();
        drop(service);
        rig.handle.set_readiness(Readiness::Ready);
        clone.passes(1)
    });
}
