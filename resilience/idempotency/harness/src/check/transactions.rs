//! Effects in the store's own database: I5.

use super::Found;
use crate::history::{Answer, Call, Effect, Operation};

const LAW: &str = "I5 effects are completions";

/// `rows` are the effects on this key that are in the database when the round is over, and
/// `closing` is when that was.
pub(super) fn check(operations: &[Operation], rows: &[&Effect], closing: u64) -> Found {
    let mut found = Found::new();
    if rows.len() > 1 {
        found.push((LAW, format!("{} effects are in the database", rows.len())));
    }
    let wrong = operations.iter().filter(|operation| !is_right(operation, operations, rows));
    found.extend(
        wrong.map(|operation| {
            (LAW, format!("{:?}, and the database has {rows:?}", operation.said()))
        }),
    );
    let is_free = |operation: &Operation| {
        operation.from >= closing
            && matches!(operation.said(), Some(Answer::RolledBack | Answer::First { .. }))
    };
    if !rows.is_empty() && operations.iter().any(is_free) {
        found.push((LAW, "an effect has no completion".to_owned()));
    }
    found
}

/// Whether the database has what was answered.
fn is_right(operation: &Operation, all: &[Operation], rows: &[&Effect]) -> bool {
    let has_row = |nonce: &str, fence: Option<u64>| {
        rows.iter().any(|row| row.nonce == nonce && fence.is_none_or(|fence| row.fence == fence))
    };
    let Some(answer) = operation.said() else { return true };
    match (&operation.call, answer) {
        (Call::Transact { nonce, .. }, Answer::Committed { fence })
        | (Call::Complete { joins: true, nonce, fence, .. }, Answer::Stored) => {
            has_row(nonce, Some(*fence))
        }
        (Call::Transact { .. }, Answer::Completed { record }) => {
            rows.iter().any(|row| row.record == *record)
        }
        (Call::Transact { nonce, .. }, _) => !has_row(nonce, None),
        // Another of the same owner may have stored it.
        (Call::Complete { joins: true, nonce, fence, .. }, _) => {
            let may_be_of = |other: &Operation| {
                other.call.joins()
                    && matches!(&other.call, Call::Complete { nonce: of, .. } if of == nonce)
                    && matches!(other.said(), None | Some(Answer::Stored))
            };
            !has_row(nonce, Some(*fence)) || all.iter().any(may_be_of)
        }
        (Call::Settle { nonce, fence, .. }, Answer::NotStored) => !has_row(nonce, Some(*fence)),
        _ => true,
    }
}
