mod claim;
mod dynamic;
mod error;
mod promise;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

pub use self::claim::{Claim, Claimed, Completion, Held, Renewal};
pub use self::dynamic::DynStore;
pub use self::error::{StoreError, StoreErrorKind};
pub use self::promise::Promise;

/// Where claims and answers are kept.
///
/// Each call is one atomic step, and can be repeated: with the nonce of the first call, a second
/// one whose predecessor did reach the store is answered as that was. So a caller that has lost an
/// answer asks again, and is not told that somebody else (itself) has the key.
///
/// What time it is, the store alone says: leases and expiry go by its clock, and clocks of callers
/// may be an hour off.
///
/// # Cancellation
///
/// A call that is dropped may or may not have reached the store. Repeating it settles that.
///
/// It may also reach the store later than what was done after it. Nothing comes of that, but for
/// two calls that look like any other of theirs:
///
/// - A claim whose repeat was released meanwhile is granted anew, and nobody knows. It is in the way
///   until its lease ends; where nobody takes over it is [abandoned](Claimed::Abandoned) then, and
///   in the way until it expires.
/// - A renewal of a claim whose lease was made to end at once, so that others take it over, has it
///   last anew if none of them has done so.
///
/// # Implementing one
///
/// The suite behind the feature `conformance` is what tells whether a store is right.
pub trait Store: Send + Sync + 'static {
    /// Claims a key.
    ///
    /// | the key is | answer |
    /// |---|---|
    /// | absent, or expired | [`Claimed::First`], with a fence higher than any before |
    /// | held or completed with [another fingerprint](crate::Fingerprint::differs_from) | [`Claimed::Reused`] |
    /// | held under this nonce | [`Claimed::First`] again, with the same fence; the lease is renewed |
    /// | completed | [`Claimed::Completed`], under this nonce as well |
    /// | held by another whose lease lasts | [`Claimed::Running`] |
    /// | held by another whose lease has ended | [`Claimed::First`] with a higher fence if [`Claim::takes_over`], else [`Claimed::Abandoned`] |
    ///
    /// A held key expires when [`Claim::keep`] has passed since it was claimed or renewed and its
    /// lease has ended. A key that has expired is absent to all calls, whether or not the store has
    /// removed it by then: [`Held::taken_over`] is not set on a claim of it, and who held it has
    /// lost it.
    fn claim(&self, claim: &Claim) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Stores the answer of who holds the key, for `keep` from now on.
    ///
    /// A claim whose lease has ended can still be completed if nobody has taken it over and it has
    /// not expired. Repeated by the same holder, the first record stays and the answer is the same.
    fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> impl Future<Output = Result<Completion, StoreError>> + Send;

    /// Gives the key up, so that the next try is the first. Where it is held by another or
    /// completed, nothing changes: afterwards this holder has no claim, in any case.
    fn release(&self, held: &Held) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lets the lease last for so long from now on. A claim whose lease has ended is renewed if
    /// nobody has taken it over and it has not expired. One that is completed or released is not.
    /// It is remembered for [`Claim::keep`], as it was when the key was claimed, from now on.
    fn renew(
        &self,
        held: &Held,
        lease: Duration,
    ) -> impl Future<Output = Result<Renewal, StoreError>> + Send;

    /// What this store promises.
    fn promise(&self) -> Promise;
}

/// A shared store is one.
impl<S: Store> Store for std::sync::Arc<S> {
    fn claim(&self, claim: &Claim) -> impl Future<Output = Result<Claimed, StoreError>> + Send {
        (**self).claim(claim)
    }

    fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> impl Future<Output = Result<Completion, StoreError>> + Send {
        (**self).complete(held, record, keep)
    }

    fn release(&self, held: &Held) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).release(held)
    }

    fn renew(
        &self,
        held: &Held,
        lease: Duration,
    ) -> impl Future<Output = Result<Renewal, StoreError>> + Send {
        (**self).renew(held, lease)
    }

    fn promise(&self) -> Promise {
        (**self).promise()
    }
}
