use tokio_util::sync::CancellationToken;

use crate::{Fence, Held, Key};

/// What an effect is given to know of the claim that it runs under.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(super) held: Held,
    pub(super) lost: CancellationToken,
}

impl Grant {
    pub(super) fn new(held: Held) -> Self {
        Self { held, lost: CancellationToken::new() }
    }

    /// The key, within its scope. A key for the next service can be made of it.
    pub fn key(&self) -> Key {
        self.held.key
    }

    /// Higher than that of every try with this key before: what the effect acts on can refuse
    /// lower ones.
    pub fn fence(&self) -> Fence {
        self.held.fence
    }

    /// Whether another try had the key and its lease has ended: its effect may have happened, or
    /// may happen yet.
    pub fn taken_over(&self) -> bool {
        self.held.taken_over
    }

    /// Is cancelled when the claim is lost, or may be soon: at the latest when nine tenths of the
    /// lease have passed since it was last asked for. Another try may then begin, so what has not
    /// begun should not.
    ///
    /// It stays cancelled where the lease could be renewed later: whether the effect is still the only
    /// one is told when its record is stored.
    ///
    /// It is told while the effect waits: one that blocks its thread cannot be.
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }
}
