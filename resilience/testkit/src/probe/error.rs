use std::fmt;

/// The probe's error: what the layers under test must let their callers find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// `poll_ready` failed.
    NotReady,
    /// The call with this number failed.
    Failed(u64),
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady => f.write_str("the probe will not become ready"),
            Self::Failed(number) => write!(f, "call {number} failed"),
        }
    }
}

impl std::error::Error for ProbeError {}
