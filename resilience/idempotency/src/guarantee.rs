/// What becomes of a key whose owner has died in the middle of the effect.
///
/// It is chosen by type, [`AtLeastOnce`] or [`AtMostOnce`], because the two lose different things.
/// Exactly once there is only where effect and answer are written in one transaction of one
/// database: see the crate `mainstay-sqlx`.
pub trait Guarantee: sealed::Sealed + Copy + Default + Send + Sync + 'static {
    /// Whether a claim whose lease has ended may be taken over.
    const TAKES_OVER: bool;
}

/// A claim whose lease has ended is taken over, and the effect runs again, with a higher
/// [`Fence`](crate::Fence). For effects that can be repeated, or that look at the fence, or that
/// carry a key of their own to the next service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtLeastOnce;

/// A claim whose lease has ended stays as it is until it expires, and tries are told so: nobody
/// knows whether the effect has happened. For effects that must not be repeated whatever happens.
///
/// It holds as far as the store keeps its data: see [`Promise`](crate::Promise). With a
/// [`MemoryStore`](crate::MemoryStore), or a Redis that does not write to disk, an effect happens
/// again after a restart of that process.
///
/// The other way round, a key may be told of as abandoned on which nothing has run: that of a
/// process that has died between its claim and its effect, and that of a claim that has
/// [reached the store too late](crate::Store#cancellation).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtMostOnce;

impl Guarantee for AtLeastOnce {
    const TAKES_OVER: bool = true;
}

impl Guarantee for AtMostOnce {
    const TAKES_OVER: bool = false;
}

#[expect(unnameable_types, reason = "so that nobody else can implement it")]
mod sealed {
    pub trait Sealed {}
    impl Sealed for super::AtLeastOnce {}
    impl Sealed for super::AtMostOnce {}
}
