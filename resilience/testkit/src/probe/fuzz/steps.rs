use proptest::collection::vec;
use proptest::prelude::*;

use crate::probe::state::{Readiness, Reply};

/// One thing that callers or the inner service do. A number chooses among the callers or calls
/// that there are at that time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    PollReady(usize),
    Call(usize),
    Clone(usize),
    DropCaller(usize),
    PollCall(usize),
    DropCall(usize),
    SetReadiness(Readiness),
    SetRoom(Option<usize>),
    Hold,
    Reply(Reply),
    Answer(usize, Reply),
    StallBodies(bool),
}

pub(super) fn orders() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..64)
}

/// Callers do more than the inner service, so that its moods are met in many states.
fn step() -> impl Strategy<Value = Step> {
    let which = || 0..8_usize;
    prop_oneof![
        6 => which().prop_map(Step::PollReady),
        5 => which().prop_map(Step::Call),
        2 => which().prop_map(Step::Clone),
        1 => which().prop_map(Step::DropCaller),
        5 => which().prop_map(Step::PollCall),
        1 => which().prop_map(Step::DropCall),
        2 => readiness().prop_map(Step::SetReadiness),
        1 => prop::option::of(1..4_usize).prop_map(Step::SetRoom),
        2 => Just(Step::Hold),
        1 => reply().prop_map(Step::Reply),
        3 => (which(), reply()).prop_map(|(call, reply)| Step::Answer(call, reply)),
        1 => any::<bool>().prop_map(Step::StallBodies),
    ]
}

fn readiness() -> impl Strategy<Value = Readiness> {
    prop_oneof![
        4 => Just(Readiness::Ready),
        3 => Just(Readiness::Pending),
        1 => Just(Readiness::Fails),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        4 => Just(Reply::Respond),
        2 => Just(Reply::Fail),
        1 => Just(Reply::Panic),
    ]
}
