//! What the user calls deprecated, or has not documented, does not warn in the derive's code.
#![deny(warnings, deprecated, missing_docs)]

use mainstay_errors::Fault;

/// Wrong.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum Wrong {
    /// An old one.
    #[deprecated]
    #[error("old")]
    #[fault(not_found, reason = "OLD", message = "There is no {id}.")]
    Old {
        /// The id.
        #[fault(public)]
        id: u8,
    },
    /// A field of it is old.
    #[error("field")]
    #[fault(not_found, reason = "FIELD", message = "There is no {id}.")]
    Field {
        /// The id.
        #[deprecated]
        #[fault(public)]
        id: u8,
    },
}

fn main() {}
