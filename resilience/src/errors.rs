//! Rejections as faults.

use std::fmt;
use std::time::Duration;

use mainstay_errors::{Fault, FaultRow, FaultTable, Kind};

use crate::Rejection;
use crate::breaker::Open;
use crate::stack::Refused;
use crate::timeout::Elapsed;

const TIMED_OUT: Kind<'static> = Kind::new(mainstay_core::Code::DeadlineExceeded, "TIMED_OUT");
const TIMED_OUT_MESSAGE: &str = "It took longer than was allowed.";

/// `DEADLINE_EXCEEDED`, 504, with the reason `TIMED_OUT`.
impl Fault for Elapsed {
    fn kind(&self) -> Kind<'_> {
        TIMED_OUT
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TIMED_OUT_MESSAGE)
    }

    fn retry_after(&self) -> Option<Duration> {
        Rejection::retry_after(self)
    }

    fn table() -> &'static FaultTable {
        const ROW: FaultRow = FaultRow::new(TIMED_OUT, TIMED_OUT_MESSAGE);
        const { &FaultTable::new(&[ROW], &[]) }
    }
}

const CIRCUIT_OPEN: Kind<'static> = Kind::new(mainstay_core::Code::Unavailable, "CIRCUIT_OPEN");
const CIRCUIT_OPEN_MESSAGE: &str = "A service that is needed for this is not available now.";

/// `UNAVAILABLE`, 503, with the reason `CIRCUIT_OPEN` and the wait. The breaker's name is internal.
impl Fault for Open {
    fn kind(&self) -> Kind<'_> {
        CIRCUIT_OPEN
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CIRCUIT_OPEN_MESSAGE)
    }

    fn retry_after(&self) -> Option<Duration> {
        Rejection::retry_after(self)
    }

    fn table() -> &'static FaultTable {
        const ROW: FaultRow = FaultRow::new(CIRCUIT_OPEN, CIRCUIT_OPEN_MESSAGE);
        const { &FaultTable::new(&[ROW], &[]) }
    }
}

/// As the policy that it is of.
impl Fault for Refused {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Deadline(elapsed) | Self::Attempt(elapsed) => elapsed.kind(),
            Self::Open(open) => open.kind(),
        }
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline(elapsed) | Self::Attempt(elapsed) => elapsed.message(f),
            Self::Open(open) => open.message(f),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        Rejection::retry_after(self)
    }

    fn table() -> &'static FaultTable {
        const TIMED_OUT_ROW: FaultRow = FaultRow::new(TIMED_OUT, TIMED_OUT_MESSAGE);
        const OPEN_ROW: FaultRow = FaultRow::new(CIRCUIT_OPEN, CIRCUIT_OPEN_MESSAGE);
        const { &FaultTable::new(&[TIMED_OUT_ROW, OPEN_ROW], &[]) }
    }
}

mainstay_errors::fault_conversions!(Elapsed);
mainstay_errors::fault_conversions!(Refused);
mainstay_errors::fault_conversions!(Open);
