//! What the result of a call says about the other side.
//!
//! # Why
//!
//! A breaker, a retry policy and a metric that judge a result each in their own way disagree about
//! the same outage. Here one [`Classify`] makes one [`Verdict`], and everybody acts on that.
//!
//! A "not found" is a success: the other side did what it should. A call that was cancelled says
//! nothing at all. And whether a failure is worth another attempt is a question of its own: a bug
//! in the other service is a failure, and will be one again.
//!
//! ```
//! use mainstay_resilience::classify::{Classify, Verdict};
//!
//! // A closure will do.
//! let by_hand = |result: &Result<u32, std::io::Error>| match result {
//!     Ok(_) => Verdict::success(),
//!     Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Verdict::transient(),
//!     Err(_) => Verdict::failure(),
//! };
//! assert!(by_hand.classify(&Err(std::io::ErrorKind::TimedOut.into())).is_transient());
//! ```

mod grpc;
mod http;
mod rejections;
mod result;
mod verdict;

pub use self::grpc::GrpcClassifier;
pub use self::http::HttpClassifier;
pub use self::rejections::Rejections;
pub use self::result::AnyError;
pub use self::verdict::Verdict;

/// Judges a result. Closures that return a [`Verdict`], or an [`Outcome`](mainstay_core::Outcome),
/// do.
pub trait Classify<T: ?Sized> {
    /// What the result says about the other side.
    fn classify(&self, result: &T) -> Verdict;
}

impl<T, F, V> Classify<T> for F
where
    T: ?Sized,
    F: Fn(&T) -> V,
    V: Into<Verdict>,
{
    fn classify(&self, result: &T) -> Verdict {
        self(result).into()
    }
}
