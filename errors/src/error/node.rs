use std::any::Any;
use std::backtrace::Backtrace;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use super::BoxError;
use crate::Fault;

/// What an [`Error`](super::Error) points to: a fault of any type, and what was added to it.
pub(super) trait Node: Any + StdError + Send + Sync {
    fn fault(&self) -> &dyn Fault;
    fn extra(&self) -> Option<&Extra>;
    fn extra_mut(&mut self) -> &mut Extra;
}

/// What is rarely there, and so has an allocation of its own.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// The latest last.
    pub(super) causes: Vec<BoxError>,
    pub(super) notes: Vec<Cow<'static, str>>,
    pub(super) backtrace: Option<Backtrace>,
}

#[derive(Debug)]
pub(super) struct NodeOf<F> {
    fault: F,
    extra: Option<Box<Extra>>,
}

impl<F> NodeOf<F> {
    pub(super) fn new(fault: F) -> Self {
        Self { fault, extra: None }
    }

    pub(super) fn into_fault(self) -> F {
        self.fault
    }
}

impl<F: Fault> Node for NodeOf<F> {
    fn fault(&self) -> &dyn Fault {
        &self.fault
    }

    fn extra(&self) -> Option<&Extra> {
        self.extra.as_deref()
    }

    fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}

impl<F: Fault> fmt::Display for NodeOf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fault, f)
    }
}

impl<F: Fault> StdError for NodeOf<F> {
    /// What the fault itself was made from, else the cause that was added last.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.fault.source().or_else(|| {
            let added = self.extra.as_ref()?.causes.last()?;
            Some(&**added)
        })
    }
}
