//! What the code of the derive refers to. Not for anybody else.

#[cfg(feature = "axum")]
pub use axum_core;
#[cfg(feature = "tonic")]
pub use tonic;

use std::fmt::Display;
use std::time::Duration;

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

#[diagnostic::do_not_recommend]
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

/// A field that is `#[fault(public)]`.
///
/// It is returned as something that is `Display` for sure, so that the compiler complains once
/// about one that is not, and not about each use of it as well.
pub fn public<T: Display>(field: &T) -> &dyn Display {
    field
}

/// What can be a field that is `#[fault(retry_after)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a wait",
    label = "the field has to be a `Duration` or an `Option<Duration>`"
)]
pub trait Wait {
    /// The wait, if there is one.
    fn wait(&self) -> Option<Duration>;
}

impl Wait for Duration {
    fn wait(&self) -> Option<Duration> {
        Some(*self)
    }
}

impl Wait for Option<Duration> {
    fn wait(&self) -> Option<Duration> {
        *self
    }
}
