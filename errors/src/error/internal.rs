use std::fmt;

use mainstay_core::Code;

use crate::{Fault, FaultRow, FaultTable, Kind};

/// The fault of everything that is not meant for the client: `INTERNAL`, and not a word more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Internal;

const KIND: Kind<'static> = Kind::new(Code::Internal, "INTERNAL");
const MESSAGE: &str = "Something went wrong on our side.";

impl fmt::Display for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("internal error")
    }
}

impl std::error::Error for Internal {}

impl Fault for Internal {
    fn kind(&self) -> Kind<'_> {
        KIND
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MESSAGE)
    }

    fn table() -> &'static FaultTable {
        const ROW: FaultRow = FaultRow::new(KIND, MESSAGE);
        const { &FaultTable::new(&[ROW], &[]) }
    }
}

crate::fault_conversions!(Internal);
