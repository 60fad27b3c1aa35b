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

pub(super) fn check(operations: &[Operation], repeats: bool) -> Linearity {
    let mut all: Vec<Operation> = operations.to_vec();
    if repeats {
        let twice = operations.iter().filter(|operation| may_be_done_twice(operation, operations));
        all.extend(twice.map(again));
    }
    limit(STEPS);
    match WGLChecker::<KeySpec>::is_linearizable(history(&all)) {
        true => Linearity::Linear,
        false if is_exhausted() => Linearity::Undecided,
        false => Linearity::Wrong,
    }
}

/// Where a store repeats a call whose connection was cut, one call may be done twice. That makes a
/// difference only if the lease can have ended in between, or the claim been given up.
fn may_be_done_twice(operation: &Operation, all: &[Operation]) -> bool {
    let is_long = |lease| operation.until().saturating_sub(operation.from) >= lease / 5 * 4;
    match &operation.call {
        Call::Claim { lease, nonce, .. } => {
            let gives_up = |other: &Operation| matches!(&other.call, Call::Release { nonce: of, .. } if of == nonce);
            is_long(*lease) || (operation.is_kept_back && all.iter().any(gives_up))
        }
        Call::Renew { lease, .. } => is_long(*lease),
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
    for (process, step) in steps(operations).into_iter().enumerate() {
        let (begin, end) = match &step {
            Step::Do(operation) => (operation.from, (operation.until(), 1)),
            Step::Maybe { operation, .. } => (operation.from, (u64::MAX, 3)),
            Step::Begin | Step::Over => (u64::MAX, (u64::MAX, 2)),
        };
        events.push(((begin, 0), process, Action::Call(Step::Begin)));
        events.push((end, process, Action::Response(step)));
    }
    events.sort_by_key(|(at, process, _)| (*at, *process));
    History::from_actions(events.into_iter().map(|(_, process, event)| (process, event)).collect())
}

fn steps(operations: &[Operation]) -> Vec<Step> {
    let mut maybe: Vec<&Operation> =
        operations.iter().filter(|operation| operation.answer.is_none()).collect();
    maybe.sort_by_key(|operation| operation.from);
    // How often each call was asked for.
    let mut groups: Vec<(&Call, usize)> = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    for operation in maybe {
        let known = groups.iter().position(|(call, _)| *call == &operation.call);
        let group = known.unwrap_or(groups.len());
        if known.is_none() {
            groups.push((&operation.call, 0));
        }
        let Some((_, count)) = groups.get_mut(group) else { continue };
        steps.push(Step::Maybe { operation: operation.clone(), group, place: *count });
        *count += 1;
    }
    let answered = operations.iter().filter(|operation| operation.answer.is_some());
    steps.extend(answered.cloned().map(Step::Do));
    steps.push(Step::Over);
    steps
}
