use std::collections::BTreeMap;

use super::{Answer, Call, Event, What};

/// A call with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) call: Call,
    /// When it was asked for: it has been done later.
    pub(crate) from: u64,
    /// What was answered and when: it had been done before. Without it, it was done at any time
    /// since it was asked for, or never.
    pub(crate) answer: Option<(Answer, u64)>,
}

impl Operation {
    /// Until when it has been done, if it has.
    pub(crate) fn until(&self) -> u64 {
        self.answer.as_ref().map_or(u64::MAX, |(_, at)| *at)
    }

    pub(crate) fn said(&self) -> Option<&Answer> {
        self.answer.as_ref().map(|(answer, _)| answer)
    }
}

/// The operations of all histories, by key, and in the order in which they were asked for.
pub(crate) fn operations(histories: Vec<Vec<Event>>) -> BTreeMap<String, Vec<Operation>> {
    let mut by_key: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for operation in histories.into_iter().flat_map(of_process) {
        by_key.entry(operation.call.key().to_owned()).or_default().push(operation);
    }
    for operations in by_key.values_mut() {
        operations.sort_by_key(|operation| operation.from);
    }
    by_key
}

fn of_process(history: Vec<Event>) -> Vec<Operation> {
    let mut operations: BTreeMap<u64, Operation> = BTreeMap::new();
    for Event { at, number, what } in history {
        match what {
            What::Asked(call) => {
                operations.insert(number, Operation { call, from: at, answer: None });
            }
            What::Answered(answer) => {
                if let Some(operation) = operations.get_mut(&number) {
                    operation.answer = Some((answer, at));
                }
            }
            What::Unknown(_) => {}
        }
    }
    operations.into_values().collect()
}
