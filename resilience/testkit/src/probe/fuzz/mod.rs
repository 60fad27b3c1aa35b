//! The laws in random orders.

mod flight;
mod machine;
mod slot;
mod steps;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::subject::Subject;
use machine::Machine;

const CASES: u32 = 512;

/// Runs random orders of what callers may do (`poll_ready`, call, poll the future, clone, drop)
/// and what the inner service may do (become ready or not, fail, answer, panic, stall its body)
/// against the layer.
///
/// After each step: nothing was against the contract; ready has stayed ready; what is ready or
/// ended now, and waited before, was woken; each call has ended with its own answer, or for a
/// reason; no more is reserved, called or running than callers account for. At the end all calls
/// end, a last one is answered, and nothing is left. What fails is shrunk to a short order.
///
/// # Panics
///
/// If a law is broken; the message has the steps.
pub fn fuzz(subject: &Subject) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&steps::orders(), |steps| {
        let checked = subject.check(|rig, service| {
            let mut machine = Machine::new(rig, service);
            steps.iter().try_for_each(|step| machine.step(*step))?;
            machine.finish()
        });
        checked.map_err(TestCaseError::fail)
    });
    assert!(result.is_ok(), "{}", result.err().map(|error| error.to_string()).unwrap_or_default());
}
