use serde::{Deserialize, Serialize};

use std::path::PathBuf;

/// What a worker is told to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// Of this process, and no other.
    pub(crate) name: String,
    pub(crate) seed: u64,
    /// Where the store is.
    pub(crate) store: String,
    /// Where histories and the ledger are.
    pub(crate) folder: PathBuf,
    pub(crate) pace: Pace,
    /// When the round began, by the clock of all processes.
    pub(crate) begun: u64,
    /// When it ends.
    pub(crate) until: u64,
    /// Claims each key once and ends, when the round is over.
    pub(crate) is_closing: bool,
    /// Whether some keys are used in transactions.
    pub(crate) transacts: bool,
}

/// How fast keys come and how long claims last, in microseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// From one new key to the next.
    pub(crate) step: u64,
    /// How many keys are in use at a time.
    pub(crate) window: u64,
    pub(crate) lease: u64,
    /// How long records are kept of some keys, so that they expire within the round.
    pub(crate) short_keep: u64,
}

/// For how long records are kept of most keys: longer than a round takes.
const LONG_KEEP: u64 = 24 * 60 * 60 * 1_000_000;

impl Pace {
    /// How many keys there are at this time since the round began.
    pub(crate) fn keys(&self, time: u64) -> u64 {
        time / self.step + 1
    }
}

/// How a key is used: by all workers in one way, a third of the keys in each where there are
/// transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// Under a lease.
    Leased,
    /// In one transaction with its effect.
    Transacted,
    /// Claimed in one transaction, kept past it, and completed in another; now and then as if it
    /// were leased.
    Kept,
}

/// Whether claims of this key take over from others whose lease has ended.
pub(crate) fn takes_over(key: u64) -> bool {
    key % 4 != 3
}

impl Orders {
    pub(crate) fn usage(&self, key: u64) -> Usage {
        match key % 3 {
            1 if self.transacts => Usage::Transacted,
            2 if self.transacts => Usage::Kept,
            _ => Usage::Leased,
        }
    }

    /// How long records are kept of this key. Effects in transactions are counted when the round
    /// is over, so theirs are kept until then.
    pub(crate) fn keep(&self, key: u64) -> u64 {
        let is_short = key % 5 == 4 && self.usage(key) == Usage::Leased;
        if is_short { self.pace.short_keep } else { LONG_KEEP }
    }
}
