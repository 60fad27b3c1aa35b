use bytes::Bytes;

use super::Owner;

/// What came of [`Idempotent::begin`](crate::Idempotent::begin).
#[derive(Debug)]
#[must_use = "a claim that is dropped is in the way until its lease ends"]
pub enum Begun<S> {
    /// The effect is to be run.
    First(Owner<S>),
    /// It has run: its record.
    Replay(Bytes),
}
