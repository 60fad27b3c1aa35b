use std::fmt;

use crate::history::Operation;

/// A law that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which.
    pub law: &'static str,
    /// On which key.
    pub key: String,
    /// How.
    pub what: String,
    /// All that was done with the key.
    pub history: String,
}

/// Without the history, which several may share.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}: {}", self.law, self.key, self.what)
    }
}

/// One line for each operation, with times in milliseconds since the first.
pub(super) fn told(operations: &[Operation]) -> String {
    let begin = operations.first().map_or(0, |first| first.from);
    let since = |at: u64| format!("{}.{:03}", (at - begin) / 1000, (at - begin) % 1000);
    let line = |operation: &Operation| {
        let (answer, until) = match &operation.answer {
            Some((answer, at)) => (format!("{answer:?}"), since(*at)),
            None => ("?".to_owned(), "?".to_owned()),
        };
        format!("  {} - {until}  {:?} -> {answer}\n", since(operation.from), operation.call)
    };
    operations.iter().map(line).collect()
}
