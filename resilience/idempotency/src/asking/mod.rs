//! Asking a store again where its answer was lost, or says that another try runs.

mod after;
mod ask;
mod patience;
mod pauses;

pub(crate) use self::after::after;
pub(crate) use self::ask::{ask, ask_since};
pub(crate) use self::patience::Patience;
