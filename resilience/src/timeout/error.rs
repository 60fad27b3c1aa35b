use std::fmt;

use mainstay_core::Code;

use crate::Rejection;

/// The time was up before the answer was there. The work may have been done all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(pub(super) ());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("timed out")
    }
}

impl std::error::Error for Elapsed {}

/// 504 and `DEADLINE_EXCEEDED`: not 408, which says that the client was slow and invites it to
/// repeat the request.
impl Rejection for Elapsed {
    fn code(&self) -> Code {
        Code::DeadlineExceeded
    }
}
