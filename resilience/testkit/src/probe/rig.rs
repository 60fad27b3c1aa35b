//! The bench a law is checked on: a layered probe, its handle, and a runtime for what the layer
//! spawns or sleeps.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::caller::Caller;
use super::counts::Counts;
use super::handle::Handle;
use super::service::Probe;
use super::subject::{Expected, Subject};

/// What a law comes to: an error says how it was broken.
pub(super) type Checked<T = ()> = Result<T, String>;

pub(super) fn ensure(holds: bool, otherwise: &str) -> Checked {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

pub(super) struct Rig {
    pub(super) handle: Handle,
    pub(super) expected: Expected,
    runtime: Runtime,
}

impl Subject {
    /// Builds a service, hands it to `law`, and sees that nothing is left of it afterwards.
    ///
    /// Everything is polled by hand and outside of a task: inside of one, tokio's budget would
    /// now and then make its own parts pending. So a law cannot be checked in an async test.
    pub(super) fn check(&self, law: impl FnOnce(&Rig, Caller<'_>) -> Checked) -> Checked {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let (probe, handle) = Probe::pair();
        let rig = Rig { handle, expected: self.expected, runtime };
        let _entered = rig.runtime.enter();
        let service = Caller::new(&rig, self.build(probe));
        law(&rig, service)?;
        rig.nothing_is_left()
    }

    /// As [`check`](Self::check), but panics with the law's name.
    pub(super) fn obeys(&self, name: &str, law: impl FnOnce(&Rig, Caller<'_>) -> Checked) {
        let checked = self.check(law);
        assert!(checked.is_ok(), "{name}: {}", checked.err().unwrap_or_default());
    }
}

impl Rig {
    /// Lets spawned tasks run until they wait.
    pub(super) fn settle(&self) {
        if self.runtime.metrics().num_alive_tasks() > 0 {
            self.runtime.block_on(async {
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    /// Lets the waits between repeated calls pass. Other layers have no business waiting.
    pub(super) fn let_time_pass(&self) {
        if self.expected.repeats {
            self.runtime.block_on(tokio::time::advance(Duration::from_secs(60)));
        }
    }

    /// What the probe has seen, once spawned tasks have had their turn.
    pub(super) fn counts(&self) -> Counts {
        self.settle();
        self.handle.counts()
    }

    /// No call runs, and no idle value of the inner service is kept ready.
    pub(super) fn nothing_is_held(&self) -> Checked {
        let counts = self.counts();
        ensure(counts.running == 0, "a call of the inner service goes on without its caller")?;
        ensure(counts.bodies == 0, "the body of a response is kept without its reader")?;
        ensure(counts.reserved == 0, "the inner service is kept ready without a caller")
    }

    /// Nothing was against the contract so far.
    pub(super) fn nothing_is_violated(&self) -> Checked {
        let violations = self.handle.violations();
        ensure(violations.is_empty(), &violations.join("; "))?;
        let peak = self.handle.counts().peak;
        let within = self.expected.admits.is_none_or(|admitted| peak <= admitted);
        ensure(within, "it has admitted more calls at once than it says")
    }

    /// Once everything is dropped, so is the inner service, and each call has ended once.
    fn nothing_is_left(&self) -> Checked {
        self.nothing_is_violated()?;
        self.nothing_is_held()?;
        let counts = self.counts();
        ensure(counts.values == 0, "the inner service outlives the last clone")?;
        let ended = counts.finished + counts.dropped;
        ensure(counts.calls == ended, "a call of the inner service has not ended once")
    }
}
