use std::fmt;

use http::HeaderName;

/// How many attempts of a gRPC call were made before (gRFC A6).
pub(super) const GRPC_PREVIOUS_RPC_ATTEMPTS: HeaderName =
    HeaderName::from_static("grpc-previous-rpc-attempts");

/// Which attempt of a call this is, counted from 1.
///
/// The HTTP layer puts it among the request's extensions, from the second attempt on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attempt(u32);

impl Attempt {
    /// The first one.
    pub const FIRST: Self = Self(1);

    /// The attempt before which there were so many.
    pub const fn after(previous: u32) -> Self {
        Self(previous.saturating_add(1))
    }

    /// Its number: 1 for the first one.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// How many there were before it: what `grpc-previous-rpc-attempts` says.
    pub const fn previous(self) -> u32 {
        self.0 - 1
    }

    /// Whether there was one before it.
    pub const fn is_retry(self) -> bool {
        self.0 > 1
    }

    pub(super) const fn next(self) -> Self {
        Self::after(self.0)
    }
}

/// Its number.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
