//! Linearizability of one key, by the algorithm of Wing, Gong and Lowe.

use todc_utils::{Action, History, WGLChecker};

use super::spec::{KeySpec, Step, is_exhausted, limit};
use crate::history::{Call, Operation};

/// What the checker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linearity {
    /// There is an order of the operations that explains all answers.
    Linear,
    /// There is none.
    Wrong,
    /// It was given up.
    Undecided,
}

/// How many steps are tried before it is given up: some seconds.
const STEPS: u64 = 400_000;

pub(super) fn check(operations: &[Operation]) -> Linearity {
    let mut all: Vec<Operation> = operations.to_vec();
    all.extend(operations.iter().filter(|operation| may_be_done_twice(operation)).map(again));
    limit(STEPS);
    match WGLChecker::<KeySpec>::is_linearizable(history(&all)) {
        true => Linearity::Linear,
        false if is_exhausted() => Linearity::Undecided,
        false => Linearity::Wrong,
    }
}

/// A store repeats a call by itself whose connection was cut, so one call may be done twice. That
/// makes a difference only if the lease can have ended in between.
fn may_be_done_twice(operation: &Operation) -> bool {
    match operation.call {
        Call::Claim { lease, .. } | Call::Renew { lease, .. } => {
            operation.until().saturating_sub(operation.from) >= lease / 5 * 4
        }
        _ => false,
    }
}

/// The other time, of which nobody is told.
fn again(operation: &Operation) -> Operation {
    Operation { answer: None, ..operation.clone() }
}

/// Each operation as a process of its own. Those without an answer end after all others.
fn history(operations: &[Operation]) -> History<Step> {
    // At the same time, beginnings come first: that allows more orders.
    let mut events: Vec<((u64, u8), usize, Action<Step>)> = Vec::new();
    for (process, operation) in operations.iter().enumerate() {
        let end = if operation.answer.is_some() { (operation.until(), 1) } else { (u64::MAX, 3) };
        events.push(((operation.from, 0), process, Action::Call(Step::Begin)));
        events.push((end, process, Action::Response(Step::Do(operation.clone()))));
    }
    let over = operations.len();
    events.push(((u64::MAX, 1), over, Action::Call(Step::Begin)));
    events.push(((u64::MAX, 2), over, Action::Response(Step::Over)));
    events.sort_by_key(|(at, process, _)| (*at, *process));
    History::from_actions(events.into_iter().map(|(_, process, event)| (process, event)).collect())
}
