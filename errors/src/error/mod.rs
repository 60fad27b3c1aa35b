//! Any fault in two words, with its causes and notes for the log.

mod carried;
mod ext;
mod internal;
mod node;

use std::any::Any;
use std::backtrace::Backtrace;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;

use crate::Fault;
use crate::fault::Chain;
pub(crate) use carried::Carried;
pub use ext::ResultExt;
pub use internal::Internal;
use node::{Extra, Node, NodeOf};

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// Any fault, with what the log should know about it.
///
/// Two words wide and one allocation, and `?` makes it from every [`Fault`]. An error that is
/// none enters only by a word of its own, [`internal`](ResultExt::internal) or
/// [`or_fault`](ResultExt::or_fault), so that nothing is classified by accident. The fault and
/// its causes stay as they are and can be taken out again.
///
/// ```
/// use mainstay_errors::{Code, Error, Fault, ResultExt};
///
/// #[derive(Debug, thiserror::Error, Fault)]
/// #[error("no stock")]
/// #[fault(failed_precondition, reason = "OUT_OF_STOCK", message = "There is none left.")]
/// struct OutOfStock;
///
/// fn reserve(line: &str) -> Result<u32, Error> {
///     let wanted: u32 = line.parse().internal()?; // a foreign error, said to be our own mistake
///     if wanted > 3 {
///         return Err(OutOfStock).note("reserving");  // a note for the log
///     }
///     Ok(wanted)
/// }
///
/// assert_eq!(reserve("two").unwrap_err().fault().kind().code, Code::Internal);
/// let error = reserve("4").unwrap_err();
/// assert_eq!(error.fault().kind().reason, "OUT_OF_STOCK");
/// assert!(error.downcast_ref::<OutOfStock>().is_some());
/// assert_eq!(format!("{error:#}"), "reserving: no stock");
/// ```
///
/// It is not itself a [`std::error::Error`], as no type can be both that and made from all of
/// them; it dereferences to one, and converts into a boxed one.
pub struct Error(Box<dyn Node>);

impl Error {
    /// The error with this fault, as `?` makes it.
    pub fn new<F: Fault>(fault: F) -> Self {
        Self(Box::new(NodeOf::new(fault)))
    }

    /// An error of our own making: `INTERNAL` to the client, the cause to the log.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::new(Internal).caused_by(cause)
    }

    /// The same with a cause. Whatever caused the fault already stays; the log has all of it, and
    /// [`downcast_ref`](Self::downcast_ref) finds all of it.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<BoxError>) -> Self {
        self.extra().causes.push(cause.into());
        self
    }

    /// The same with a note for the log, put before what is there.
    #[doc(alias = "context")]
    #[must_use]
    pub fn note(mut self, note: impl Into<Cow<'static, str>>) -> Self {
        self.extra().notes.push(note.into());
        self
    }

    /// The same with a backtrace from here, for the log. It costs microseconds, and milliseconds
    /// when it is printed: nothing captures one unless this is called.
    #[must_use]
    pub fn with_backtrace(mut self) -> Self {
        self.extra().backtrace = Some(Backtrace::force_capture());
        self
    }

    /// What the client is shown.
    pub fn fault(&self) -> &dyn Fault {
        self.0.fault()
    }

    /// The notes, the latest first.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        let notes = self.0.extra().map(|extra| extra.notes.as_slice()).unwrap_or_default();
        notes.iter().rev().map(AsRef::as_ref)
    }

    /// The backtrace, if one was asked for.
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.0.extra()?.backtrace.as_ref()
    }

    /// The fault, or else a cause of it, as the type it was.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.chains().flat_map(Chain::links).find_map(|link| link.downcast_ref())
    }

    /// Takes the fault out as the type it was; notes and an added cause are dropped.
    ///
    /// # Errors
    ///
    /// The error unchanged if the fault is of another type.
    pub fn downcast<F: Fault>(self) -> Result<F, Self> {
        let node: &dyn Any = &*self.0;
        if !node.is::<NodeOf<F>>() {
            return Err(self);
        }
        let node: Box<dyn Any> = self.0;
        // The type was asked for a line ago, so that there is always a node.
        node.downcast::<NodeOf<F>>().map(|node| node.into_fault()).map_err(|_| Internal.into())
    }

    /// The fault with its own causes, and then each added cause with its.
    fn chains(&self) -> impl Iterator<Item = Chain<'_>> {
        let added = self.0.extra().map(|extra| extra.causes.as_slice()).unwrap_or_default();
        let added = added.iter().rev().map(|cause| Chain(&**cause));
        std::iter::once(Chain(self.0.fault())).chain(added)
    }

    fn extra(&mut self) -> &mut Extra {
        self.0.extra_mut()
    }
}

impl<F: Fault> From<F> for Error {
    fn from(fault: F) -> Self {
        Self::new(fault)
    }
}

impl Deref for Error {
    type Target = dyn StdError + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// The fault's own text; with `{:#}` the notes before it and the causes behind it. For the log.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self.0.fault(), f);
        }
        for note in self.notes() {
            write!(f, "{note}: ")?;
        }
        for (at, chain) in self.chains().enumerate() {
            let separator = if at > 0 { ": " } else { "" };
            write!(f, "{separator}{chain}")?;
        }
        Ok(())
    }
}

/// What `main` prints: notes, causes, and the backtrace if there is one.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")?;
        match self.backtrace() {
            Some(backtrace) => write!(f, "\n\n{backtrace}"),
            None => Ok(()),
        }
    }
}

impl From<Error> for BoxError {
    fn from(error: Error) -> Self {
        Box::new(Carried::new(error))
    }
}

impl From<Error> for Box<dyn StdError + Send> {
    fn from(error: Error) -> Self {
        Box::new(Carried::new(error))
    }
}

impl From<Error> for Box<dyn StdError> {
    fn from(error: Error) -> Self {
        Box::new(Carried::new(error))
    }
}
