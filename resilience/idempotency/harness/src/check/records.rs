//! One completion for each epoch of a key, of an effect that has happened, and given to all: I1, I2
//! and what a resource behind a fence sees. And I6, that the dead do not stand in the way.

use super::{CLOCKS, Found};
use crate::history::{Answer, Call, Effect, Operation};

/// A completion that was acknowledged.
struct Stored<'a> {
    nonce: &'a str,
    fence: u64,
    keep: u64,
    from: u64,
    until: u64,
}

impl<'a> Stored<'a> {
    fn of(operation: &'a Operation) -> Option<Self> {
        let (nonce, fence, keep) = match (&operation.call, operation.said()?) {
            (Call::Complete { nonce, fence, keep, .. }, Answer::Stored) => (nonce, *fence, *keep),
            (Call::Transact { nonce, keep, .. }, Answer::Committed { fence }) => {
                (nonce, *fence, *keep)
            }
            _ => return None,
        };
        Some(Self { nonce, fence, keep, from: operation.from, until: operation.until() })
    }
}

pub(super) fn check(operations: &[Operation], effects: &[&Effect]) -> Found {
    let mut found = completions(operations);
    found.extend(replays(operations, effects));
    found.extend(guarded(operations, effects));
    let broken = operations.iter().filter(|operation| operation.said() == Some(&Answer::Broken));
    found.extend(broken.map(|operation| ("no answer is broken", format!("{:?}", operation.call))));
    found
}

/// I1: between two completions by different owners the record of the first has expired.
fn completions(operations: &[Operation]) -> Found {
    let all: Vec<Stored<'_>> = operations.iter().filter_map(Stored::of).collect();
    let mut found = Vec::new();
    for (at, one) in all.iter().enumerate() {
        for other in all.iter().skip(at + 1) {
            let is_same = one.nonce == other.nonce && one.fence == other.fence;
            let has_expired = one.from + one.keep <= other.until + CLOCKS;
            if !is_same && !has_expired {
                let what = format!("{} and {} have completed it", one.fence, other.fence);
                found.push(("I1 one completion", what));
            }
        }
    }
    found
}

/// I2: what is replayed is of an effect that has happened, and all replays are the same unless the
/// record may have expired between them.
fn replays(operations: &[Operation], effects: &[&Effect]) -> Found {
    let replayed = |operation: &Operation| match operation.said()? {
        Answer::Completed { record } | Answer::Lost { record: Some(record) } => {
            Some(record.clone())
        }
        _ => None,
    };
    let all: Vec<String> = operations.iter().filter_map(replayed).collect();
    let mut found = Found::new();
    if let Some(record) = all.iter().find(|record| !was_made(record, operations, effects)) {
        found.push(("I2 replays are of effects", format!("nobody has made {record}")));
    }
    let first = all.first();
    if let Some(other) = all.iter().find(|record| Some(*record) != first)
        && lasts(operations)
    {
        found.push(("I2 replays are the same", format!("{first:?} and {other:?}")));
    }
    found
}

/// Whether records are kept for longer than the key was used.
fn lasts(operations: &[Operation]) -> bool {
    operations.iter().filter_map(kept).all(|keep| keep > life(operations))
}

/// For how long the key was used.
fn life(operations: &[Operation]) -> u64 {
    let begin = operations.iter().map(|operation| operation.from).min().unwrap_or_default();
    let ends = operations.iter().filter_map(|operation| operation.answer.as_ref());
    ends.map(|(_, at)| *at).max().unwrap_or(begin) - begin
}

fn kept(operation: &Operation) -> Option<u64> {
    match operation.call {
        Call::Complete { keep, .. } | Call::Transact { keep, .. } => Some(keep),
        _ => None,
    }
}

/// Somebody has asked for this record to be stored; and where it was an effect outside of the
/// store, that had happened before.
fn was_made(record: &str, operations: &[Operation], effects: &[&Effect]) -> bool {
    operations.iter().any(|operation| match &operation.call {
        Call::Complete { nonce, fence, record: made, .. } => {
            made == record
                && effects.iter().any(|effect| {
                    effect.nonce == *nonce && effect.fence == *fence && effect.record == *record
                })
        }
        Call::Transact { record: made, .. } => made == record,
        _ => false,
    })
}

/// A resource that refuses a lower fence than the highest it has seen: the completion is of the
/// last effect that it took with that fence or a lower one.
fn guarded(operations: &[Operation], effects: &[&Effect]) -> Found {
    let mut highest = 0;
    let mut taken: Vec<&Effect> = Vec::new();
    for effect in effects {
        if effect.fence >= highest {
            highest = effect.fence;
            taken.push(effect);
        }
    }
    let mut found = Vec::new();
    for operation in operations {
        let (Call::Complete { nonce, fence, .. }, Some(Answer::Stored)) =
            (&operation.call, operation.said())
        else {
            continue;
        };
        let with_it: Vec<_> = taken.iter().filter(|effect| effect.fence == *fence).collect();
        if !matches!(with_it[..], [effect] if effect.nonce == *nonce) {
            let what = format!("the resource has taken {} effects with {fence}", with_it.len());
            found.push(("one effect behind the fence", what));
        }
        if highest > *fence && lasts(operations) {
            let what = format!("{fence} has completed it, and then {highest} had an effect");
            found.push(("one effect behind the fence", what));
        }
    }
    found
}

/// I6: when all workers are dead and their leases have ended, each key is free or completed.
/// `closing` is when that was asked.
pub(super) fn delays(operations: &[Operation], closing: u64) -> Found {
    let mut found = held(operations, closing);
    found.extend(busy(operations));
    found
}

/// A claim is only kept waiting by what else is done with the key.
fn busy(operations: &[Operation]) -> Found {
    let is_plain_and_busy = |operation: &&Operation| {
        matches!(operation.call, Call::Claim { joins: false, .. })
            && operation.said() == Some(&Answer::Busy)
    };
    let is_with_others = |one: &Operation| {
        let mut others = operations.iter().filter(|other| *other != one);
        others.any(|other| other.from <= one.until() && other.latest >= one.from)
    };
    let alone = operations.iter().filter(is_plain_and_busy).find(|one| !is_with_others(one));
    alone
        .map(|one| ("I6 the dead delay nobody", format!("{:?} has waited for nobody", one.call)))
        .into_iter()
        .collect()
}

fn held(operations: &[Operation], closing: u64) -> Found {
    let is_running = |operation: &&Operation| {
        operation.from >= closing && operation.said() == Some(&Answer::Running)
    };
    let running = operations.iter().find(is_running);
    running
        .map(|_| ("I6 the dead delay nobody", "it is still held".to_owned()))
        .into_iter()
        .collect()
}
