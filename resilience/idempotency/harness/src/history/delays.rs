use std::collections::BTreeMap;

/// What has kept calls from ending, as it was measured: with it can be said when a call that was
/// not answered is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delays {
    /// When each worker was seen to be dead.
    pub(crate) deaths: BTreeMap<String, u64>,
    /// Which workers were stopped, and when.
    pub(crate) pauses: Vec<(String, Span)>,
    /// When the proxy has kept requests back.
    pub(crate) kept_back: Vec<Span>,
    /// When the server was down: what is left of it ends before it is there again.
    pub(crate) crashes: Vec<Span>,
    /// How much longer than asked for something has slept: the machine is that slow.
    pub(crate) oversleep: u64,
}

/// From when to when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: u64,
    pub(crate) until: u64,
}

/// How long a worker takes to send what it has begun to send, or to take it back.
const SENDING: u64 = 100_000;
/// How long a server takes over what it was sent: it waits half a second for locks.
const SERVING: u64 = 750_000;

impl Delays {
    /// After when nothing is on its way any more of a call that was asked for then. `left` is when
    /// it was answered, or its answer given up; without it, the worker has died over it.
    ///
    /// A request is delayed by each of these at most once, one after the other: its worker is
    /// stopped, the proxy keeps it back, the server goes down.
    pub(crate) fn latest(&self, process: &str, from: u64, left: Option<u64>) -> u64 {
        let Some(left) = left.or_else(|| self.deaths.get(process).copied()) else {
            return u64::MAX;
        };
        let pauses = self.pauses.iter().filter(|(stopped, _)| stopped == process);
        let pauses = pauses.map(|(_, span)| span);
        let going = left + SERVING + self.oversleep;
        let sent = after(left, pauses.filter(|span| span.until >= from && span.from <= going));
        let sent = sent + SENDING + self.oversleep;
        let passed = after(sent, self.kept_back.iter().filter(|span| span.from <= sent));
        let serving = passed + SERVING + self.oversleep;
        after(serving, self.crashes.iter().filter(|span| span.from <= serving))
    }

    /// Whether the proxy has kept something back then.
    pub(crate) fn has_kept_back(&self, from: u64, until: u64) -> bool {
        self.kept_back.iter().any(|span| span.from <= until && span.until >= from)
    }
}

/// The end of these, where that is later.
fn after<'a>(time: u64, spans: impl Iterator<Item = &'a Span>) -> u64 {
    spans.map(|span| span.until).fold(time, u64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn one_delay_after_the_other_is_waited_out() {
        let mut delays = Delays::default();
        let latest = |delays: &Delays| delays.latest("a", 10 * SECOND, Some(11 * SECOND));
        assert_eq!(delays.latest("a", 10 * SECOND, None), u64::MAX);
        delays.deaths.insert("a".to_owned(), 12 * SECOND);
        assert_eq!(delays.latest("a", 10 * SECOND, None), 12 * SECOND + SENDING + SERVING);
        assert_eq!(latest(&delays), 11 * SECOND + SENDING + SERVING);

        let span = |from, until| Span { from: from * SECOND, until: until * SECOND };
        // Of another worker, or before.
        delays.pauses.push(("b".to_owned(), span(10, 20)));
        delays.pauses.push(("a".to_owned(), span(8, 9)));
        delays.kept_back.push(span(12, 13));
        assert_eq!(latest(&delays), 11 * SECOND + SENDING + SERVING);

        delays.pauses.push(("a".to_owned(), span(10, 13)));
        assert_eq!(latest(&delays), 13 * SECOND + SENDING + SERVING);
        delays.kept_back.push(span(13, 15));
        assert_eq!(latest(&delays), 15 * SECOND + SERVING);
        delays.crashes.push(span(14, 18));
        assert_eq!(latest(&delays), 18 * SECOND);
        assert!(delays.has_kept_back(10 * SECOND, 12 * SECOND));
        assert!(!delays.has_kept_back(10 * SECOND, 11 * SECOND));
    }
}
