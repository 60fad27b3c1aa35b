//! Effects in the store's own database: I5.

use super::Found;
use crate::history::{Answer, Call, Effect, Operation};

/// `rows` are the effects on this key that are in the database when the round is over.
pub(super) fn check(operations: &[Operation], rows: &[&Effect]) -> Found {
    const LAW: &str = "I5 effects are completions";
    let mut found = Found::new();
    if rows.len() > 1 {
        found.push((LAW, format!("{} effects are in the database", rows.len())));
    }
    for operation in operations {
        let Call::Transact { nonce, record, .. } = &operation.call else { continue };
        let has_row = rows.iter().any(|row| row.nonce == *nonce && row.record == *record);
        let is_right = match operation.said() {
            Some(Answer::Committed { fence }) => {
                rows.iter().any(|row| row.nonce == *nonce && row.fence == *fence)
            }
            Some(Answer::Completed { record }) => rows.iter().any(|row| row.record == *record),
            Some(_) => !has_row,
            None => true,
        };
        if !is_right {
            found.push((LAW, format!("{:?}, and the database has {rows:?}", operation.said())));
        }
    }
    let last = operations.last().and_then(Operation::said);
    if !rows.is_empty() && last == Some(&Answer::RolledBack) {
        found.push((LAW, "an effect has no completion".to_owned()));
    }
    found
}
