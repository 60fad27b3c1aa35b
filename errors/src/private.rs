//! What the code of the derive refers to. Not for anybody else.

#[cfg(feature = "axum")]
pub use axum_core;
#[cfg(feature = "tonic")]
pub use tonic;

use crate::{Error, Fault, FaultTable};

/// What can stand inside a `#[fault(transparent)]` variant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a fault",
    label = "the field of a transparent variant has to be a fault",
    note = "derive `Fault` on it, or give the variant a code, a reason and a message"
)]
pub trait AsFault {
    /// The inner fault.
    fn as_fault(&self) -> &dyn Fault;

    /// The kinds it can be.
    fn table() -> &'static FaultTable;
}

impl<F: Fault> AsFault for F {
    fn as_fault(&self) -> &dyn Fault {
        self
    }

    fn table() -> &'static FaultTable {
        F::table()
    }
}

impl AsFault for Error {
    fn as_fault(&self) -> &dyn Fault {
        self.fault()
    }

    fn table() -> &'static FaultTable {
        const { &FaultTable::EMPTY }
    }
}
