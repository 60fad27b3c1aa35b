use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::{Details, FaultTable, Kind};

/// An error that can be shown: it has a code, a reason, a public message, and says how long to
/// wait.
///
/// `Display`, `Debug` and the source chain are for the log and never leave the process. What a
/// client sees is what the methods of this trait return, and nothing else. Most faults are made
/// by [`#[derive(Fault)]`](derive@crate::Fault); by hand it takes a kind and a message:
///
/// ```
/// use mainstay_errors::{Code, Fault, Kind};
/// use std::fmt::{self, Write};
///
/// #[derive(Debug)]
/// struct Shed {
///     queue_length: usize,
/// }
///
/// impl fmt::Display for Shed {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "shed at queue length {}", self.queue_length)
///     }
/// }
///
/// impl std::error::Error for Shed {}
///
/// impl Fault for Shed {
///     fn kind(&self) -> Kind<'_> {
///         Kind::new(Code::Unavailable, "OVERLOADED")
///     }
///
///     fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("The service is overloaded.")
///     }
/// }
///
/// // `IntoResponse` and `From<Shed> for tonic::Status`, under the features of those names.
/// mainstay_errors::fault_conversions!(Shed);
/// ```
pub trait Fault: StdError + Send + Sync + 'static {
    /// What this fault has in common with others of its sort.
    fn kind(&self) -> Kind<'_>;

    /// Writes the public message: one or two sentences of English for the developer at the other
    /// end. It is the problem's `detail` and the `grpc-message`.
    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Shows each public field to `visit`, as key and value. Keys are `lowerCamel`, at most 64
    /// characters, and are never taken back once published (AIP-193).
    fn metadata(&self, visit: &mut dyn FnMut(&str, &dyn fmt::Display)) {
        let _ = visit;
    }

    /// How long to wait before trying again, if it is known: `Retry-After`, rounded up to whole
    /// seconds, and `google.rpc.RetryInfo`.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Structured details beyond reason and metadata, such as which fields are wrong.
    fn details(&self) -> Option<&Details> {
        None
    }

    /// Every kind of fault this type can be, for a [`Catalogue`](crate::Catalogue).
    fn table() -> &'static FaultTable
    where
        Self: Sized,
    {
        const { &FaultTable::EMPTY }
    }
}

macro_rules! fault_behind_pointer {
    ($($pointer:ident)+) => {$(
        impl<F: Fault> Fault for $pointer<F> {
            fn kind(&self) -> Kind<'_> {
                (**self).kind()
            }

            fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).message(f)
            }

            fn metadata(&self, visit: &mut dyn FnMut(&str, &dyn fmt::Display)) {
                (**self).metadata(visit);
            }

            fn retry_after(&self) -> Option<Duration> {
                (**self).retry_after()
            }

            fn details(&self) -> Option<&Details> {
                (**self).details()
            }

            fn table() -> &'static FaultTable {
                F::table()
            }
        }
    )+};
}

fault_behind_pointer!(Box Arc);

/// Displays a fault's public message.
#[derive(Clone, Copy, Debug)]
pub struct PublicMessage<'a>(pub &'a dyn Fault);

impl fmt::Display for PublicMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.message(f)
    }
}

/// Displays an error with all its causes, `outer: middle: inner`: for logs only.
///
/// A cause that the text before it already ends with is not repeated, as many errors print their
/// source in their own `Display`.
#[derive(Clone, Copy)]
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn StdError + 'static));

/// A chain longer than this is a cycle or as good as one.
const LONGEST_CHAIN: usize = 64;

impl<'a> Chain<'a> {
    pub(crate) fn links(self) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
        let mut next = Some(self.0);
        std::iter::from_fn(move || {
            let link = next?;
            next = link.source();
            Some(link)
        })
        .take(LONGEST_CHAIN)
    }
}

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = String::new();
        for link in self.links() {
            let mut text = String::new();
            // A `Display` that fails half-way has written what it has written.
            let _ = write!(text, "{link}");
            if before.ends_with(&text) {
                continue;
            }
            let separator = if before.is_empty() { "" } else { ": " };
            write!(f, "{separator}{text}")?;
            before = text;
        }
        Ok(())
    }
}
