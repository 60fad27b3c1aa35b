use serde::{Deserialize, Serialize};

/// One line of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// When, by the clock that all processes share.
    pub(crate) at: u64,
    /// Which call of its process.
    pub(crate) number: u64,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    /// Written before anything is sent.
    Asked(Call),
    /// Written after the answer has come. A call without it may have been done, or may be yet.
    Answered(Answer),
    /// The answer was an error, or was not waited for, for this reason.
    Unknown(String),
}

/// What a store is asked for. Durations are in microseconds, as times are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Call {
    Claim {
        key: String,
        nonce: String,
        print: u8,
        lease: u64,
        keep: u64,
        takes_over: bool,
        /// In a transaction that was begun before and is committed afterwards.
        joins: bool,
    },
    Complete {
        key: String,
        nonce: String,
        fence: u64,
        record: String,
        keep: u64,
        /// The same.
        joins: bool,
    },
    Release {
        key: String,
        nonce: String,
        fence: u64,
    },
    Renew {
        key: String,
        nonce: String,
        fence: u64,
        lease: u64,
    },
    /// Claim, effect and completion in one transaction.
    Transact {
        key: String,
        nonce: String,
        record: String,
        keep: u64,
    },
    /// What has become of a transaction.
    Settle {
        key: String,
        nonce: String,
        fence: u64,
    },
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    First {
        fence: u64,
        taken_over: bool,
    },
    Completed {
        record: String,
    },
    Running,
    /// Something else was in the way for too long: that says nothing about who has the key.
    Busy,
    Abandoned,
    Reused,
    Stored,
    Lost {
        record: Option<String>,
    },
    Released,
    Renewed,
    Committed {
        fence: u64,
    },
    /// The transaction was given up on purpose: nothing of it has happened, and nothing will.
    RolledBack,
    /// The same, and that was not meant.
    Failed,
    /// The same, of a transaction that was asked about.
    NotStored,
    /// The claim was kept, and is there.
    StillHeld,
    /// It has what cannot be read, or is full: no store of a round may be.
    Broken,
}

impl Call {
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Claim { key, .. }
            | Self::Complete { key, .. }
            | Self::Release { key, .. }
            | Self::Renew { key, .. }
            | Self::Transact { key, .. }
            | Self::Settle { key, .. } => key,
        }
    }

    pub(crate) fn nonce(&self) -> &str {
        match self {
            Self::Claim { nonce, .. }
            | Self::Complete { nonce, .. }
            | Self::Release { nonce, .. }
            | Self::Renew { nonce, .. }
            | Self::Transact { nonce, .. }
            | Self::Settle { nonce, .. } => nonce,
        }
    }

    /// Whether it is a part of a transaction that has others.
    pub(crate) fn joins(&self) -> bool {
        matches!(self, Self::Claim { joins: true, .. } | Self::Complete { joins: true, .. })
    }
}
