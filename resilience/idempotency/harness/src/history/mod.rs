//! What workers have asked the store for, what it has answered, and when.

mod clock;
mod delays;
mod event;
mod file;
mod ledger;
mod operation;

pub(crate) use self::clock::micros;
pub(crate) use self::delays::{Delays, Span};
pub(crate) use self::event::{Answer, Call, Event, What};
pub(crate) use self::file::{HistoryFile, read_all};
pub(crate) use self::ledger::{Effect, Ledger};
pub(crate) use self::operation::{Operation, operations};
