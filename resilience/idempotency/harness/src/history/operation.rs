use std::collections::BTreeMap;

use super::{Answer, Call, Delays, Event, What};

/// A call with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) call: Call,
    /// When it was asked for: it has been done later.
    pub(crate) from: u64,
    /// What was answered and when: it had been done before. Without it, it was done at any time
    /// since it was asked for, or never.
    pub(crate) answer: Option<(Answer, u64)>,
    /// After this nothing that was sent for it is on its way any more.
    pub(crate) latest: u64,
    /// Requests were kept back while it was not answered: one of its own may be among them, and be
    /// done after it was repeated and answered.
    pub(crate) is_kept_back: bool,
}

impl Operation {
    /// Until when it has been done, if it has.
    pub(crate) fn until(&self) -> u64 {
        self.answer.as_ref().map_or(self.latest, |(_, at)| *at)
    }

    /// Whether what it does is only there when a transaction is committed.
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.call.joins() || matches!(self.call, Call::Transact { .. })
    }

    pub(crate) fn said(&self) -> Option<&Answer> {
        self.answer.as_ref().map(|(answer, _)| answer)
    }
}

/// The operations of all histories, by key, and in the order in which they were asked for.
pub(crate) fn operations(
    histories: BTreeMap<String, Vec<Event>>,
    delays: &Delays,
) -> BTreeMap<String, Vec<Operation>> {
    let mut by_key: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    let all = histories.into_iter();
    for operation in all.flat_map(|(process, history)| of_process(&process, history, delays)) {
        by_key.entry(operation.call.key().to_owned()).or_default().push(operation);
    }
    for operations in by_key.values_mut() {
        operations.sort_by_key(|operation| operation.from);
    }
    by_key
}

fn of_process(process: &str, history: Vec<Event>, delays: &Delays) -> Vec<Operation> {
    let mut operations: BTreeMap<u64, Operation> = BTreeMap::new();
    for Event { at, number, what } in history {
        if let What::Asked(call) = what {
            let latest = delays.latest(process, at, None);
            let operation = Operation { call, from: at, answer: None, latest, is_kept_back: true };
            operations.insert(number, operation);
        } else if let Some(operation) = operations.get_mut(&number) {
            operation.latest = delays.latest(process, operation.from, Some(at));
            operation.is_kept_back = delays.has_kept_back(operation.from, at);
            if let What::Answered(answer) = what {
                operation.answer = Some((answer, at));
            }
        }
    }
    operations.into_values().collect()
}
