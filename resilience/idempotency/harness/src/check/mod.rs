//! Whether histories are such as a right store can have.

mod fences;
mod linear;
mod records;
mod spec;
#[cfg(test)]
mod tests;
mod transactions;
mod violation;

use std::collections::BTreeMap;

use self::linear::Linearity;
pub use self::violation::Violation;
use crate::history::{Effect, Operation};

/// Clocks count in milliseconds, and round.
const CLOCKS: u64 = 5_000;

/// Laws that were broken, and how.
type Found = Vec<(&'static str, String)>;

/// All that is known of a round.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// The operations of each key.
    pub(crate) keys: BTreeMap<String, Vec<Operation>>,
    /// The ledger.
    pub(crate) effects: Vec<Effect>,
    /// The effects of transactions.
    pub(crate) rows: Vec<Effect>,
    /// When all workers were dead and their leases had ended.
    pub(crate) closing: u64,
    /// Whether the store repeats a call by itself whose connection was cut.
    pub(crate) repeats: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) violations: Vec<Violation>,
    /// Keys whose histories have too many possible orders to look at.
    pub(crate) undecided: usize,
}

/// Checks all keys.
pub(crate) fn check(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    for (key, operations) in &evidence.keys {
        let effects = of_key(&evidence.effects, key);
        let rows = of_key(&evidence.rows, key);
        let mut found = fences::check(operations);
        found.extend(records::check(operations, &effects));
        found.extend(records::delays(operations, evidence.closing));
        found.extend(transactions::check(operations, &rows, evidence.closing));
        match linear::check(operations, evidence.repeats) {
            Linearity::Linear => {}
            Linearity::Undecided => verdict.undecided += 1,
            Linearity::Wrong => found.push(("linearizable", "no order explains it".to_owned())),
        }
        verdict.violations.extend(found.into_iter().map(|(law, what)| Violation {
            law,
            what,
            key: key.clone(),
            history: violation::told(operations),
        }));
    }
    verdict
}

fn of_key<'a>(effects: &'a [Effect], key: &str) -> Vec<&'a Effect> {
    effects.iter().filter(|effect| effect.key == key).collect()
}
