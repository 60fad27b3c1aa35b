//! Fences rise, and who has not the highest changes nothing: I3 and I4.

use super::Found;
use crate::history::{Answer, Call, Operation};

/// That somebody had the key.
struct Grant<'a> {
    nonce: &'a str,
    fence: u64,
    from: u64,
    until: u64,
}

impl<'a> Grant<'a> {
    fn of(operation: &'a Operation) -> Option<Self> {
        let (nonce, fence) = match (&operation.call, operation.said()?) {
            (Call::Claim { nonce, .. }, Answer::First { fence, .. })
            | (Call::Transact { nonce, .. }, Answer::Committed { fence }) => (nonce, *fence),
            _ => return None,
        };
        Some(Self { nonce, fence, from: operation.from, until: operation.until() })
    }
}

pub(super) fn check(operations: &[Operation]) -> Found {
    let grants: Vec<Grant<'_>> = operations.iter().filter_map(Grant::of).collect();
    let mut found = Found::new();
    for (at, one) in grants.iter().enumerate() {
        for other in grants.iter().skip(at + 1) {
            found.extend(of_two(one, other));
        }
    }
    found.extend(operations.iter().filter_map(|operation| stale(operation, &grants)));
    found.extend(operations.iter().filter_map(|operation| revived(operation, operations)));
    found
}

/// Two grants, the first of which was asked for first.
fn of_two(one: &Grant<'_>, other: &Grant<'_>) -> Option<(&'static str, String)> {
    let is_same = one.nonce == other.nonce && one.fence == other.fence;
    if one.fence == other.fence && !is_same {
        return Some(("I3 fences are unique", format!("{} was granted twice", one.fence)));
    }
    let falls = one.until < other.from && other.fence < one.fence;
    falls.then(|| ("I3 fences rise", format!("{} came after {}", other.fence, one.fence)))
}

/// Something was changed for an owner after another was known to have the key.
fn stale(operation: &Operation, grants: &[Grant<'_>]) -> Option<(&'static str, String)> {
    let fence = match (&operation.call, operation.said()?) {
        (Call::Complete { fence, .. }, Answer::Stored)
        | (Call::Renew { fence, .. }, Answer::Renewed) => *fence,
        _ => return None,
    };
    let newer = grants.iter().find(|grant| grant.fence > fence && grant.until < operation.from)?;
    let what = format!("{:?} was granted after {} was", operation.call, newer.fence);
    Some(("I4 stale owners change nothing", what))
}

/// A claim was renewed after it was known to be completed.
fn revived(operation: &Operation, all: &[Operation]) -> Option<(&'static str, String)> {
    let (Call::Renew { nonce, fence, .. }, Answer::Renewed) = (&operation.call, operation.said()?)
    else {
        return None;
    };
    let is_completion = |other: &&Operation| {
        matches!(&other.call, Call::Complete { nonce: of, fence: with, .. } if of == nonce && with == fence)
            && other.said() == Some(&Answer::Stored)
            && other.until() < operation.from
    };
    all.iter().find(is_completion)?;
    Some(("I4 renewal revives nothing", format!("{fence} was renewed after it was completed")))
}
