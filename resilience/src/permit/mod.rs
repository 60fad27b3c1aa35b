//! What a policy hands out when it lets a call through, and how it learns what became of the call.
//!
//! # Why
//!
//! Whatever is let through has to be settled exactly once, or it is counted twice, or never. The
//! usual way is a line after the `await`, and that line is not reached when the future is dropped:
//! a breaker then sees nothing of two hundred calls that a timeout outside of it gave up on, and a
//! probe that was cancelled keeps its place for ever. A [`Permit`] is settled by its destructor if
//! by nothing else.
//!
//! # Why it was dropped
//!
//! A call that is dropped has not ended, but why it was dropped may say something all the same: it
//! matters whether the other side was too slow or the caller hung up. A destructor cannot see the
//! reason, so whoever drops has to leave word, with [`drop_as`] or [`dropped_as`]. The
//! [`timeout`](crate::timeout) of this crate does, and [`DroppedAsLayer`] does for a server whose
//! clients hang up. A panic is seen by itself; everything else is
//! [`DropCause::Unknown`].
//!
//! ```
//! use mainstay_resilience::permit::{DropCause, Ending, Permit, Settle, drop_as};
//! use std::cell::RefCell;
//!
//! /// Writes down how calls ended.
//! struct Log<'a>(&'a RefCell<Vec<Ending>>);
//!
//! impl Settle for Log<'_> {
//!     type Ticket = ();
//!
//!     fn settle(&self, (): (), ending: Ending) {
//!         self.0.borrow_mut().push(ending);
//!     }
//! }
//!
//! let log = RefCell::default();
//! drop_as(DropCause::TimedOut, Permit::new(Log(&log), ()));
//! Permit::new(Log(&log), ()).give_back();
//! assert_eq!(*log.borrow(), [Ending::Dropped(DropCause::TimedOut), Ending::Unused]);
//! ```

mod cause;
mod guard;
mod layer;
mod weights;

pub(crate) use cause::Scope;
pub use cause::{DropCause, DroppedAs, drop_as, dropped_as};
pub(crate) use guard::held_unless_it_panics;
pub use guard::{Ending, Permit, Settle};
pub use layer::{DroppedAsLayer, DroppedAsService};
pub use weights::DropWeights;
pub(crate) use weights::WeighedDrops;
