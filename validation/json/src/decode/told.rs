//! What a client is told, in a problem document of `mainstay-errors` or without it.

use std::borrow::Cow;

use super::{DecodeError, ErrorKind};

pub(crate) const LIMIT: &str = "The body has more in it than what is accepted.";
pub(crate) const INVALID: &str = "The request has wrong or missing fields.";

impl ErrorKind {
    /// What is said of the request as a whole.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::TooDeep | Self::StringTooLong | Self::ArrayTooLong | Self::TooManyMembers => {
                LIMIT
            }
            Self::DuplicateKey | Self::MissingField | Self::UnknownField | Self::Data => INVALID,
            Self::BodyTooLarge | Self::Syntax | Self::UnexpectedEnd | Self::Body => self.sentence(),
        }
    }

    /// The reason of the violation, where it is one field that is wrong.
    pub(crate) const fn violation(self) -> Option<&'static str> {
        match self {
            Self::TooDeep => Some("TOO_DEEP"),
            Self::StringTooLong => Some("STRING_TOO_LONG"),
            Self::ArrayTooLong => Some("ARRAY_TOO_LONG"),
            Self::TooManyMembers => Some("TOO_MANY_MEMBERS"),
            Self::DuplicateKey => Some("DUPLICATE_KEY"),
            Self::MissingField => Some("MISSING_FIELD"),
            Self::UnknownField => Some("UNKNOWN_FIELD"),
            Self::Data => Some("INVALID_VALUE"),
            Self::BodyTooLarge | Self::Syntax | Self::UnexpectedEnd | Self::Body => None,
        }
    }
}

impl DecodeError {
    /// The message of the kind, and for malformed JSON the place, which has no field.
    pub(crate) fn message(&self) -> Cow<'static, str> {
        match self.kind() {
            ErrorKind::Syntax => Cow::Owned(format!(
                "The body is malformed JSON, at line {} column {}.",
                self.line(),
                self.column()
            )),
            kind => Cow::Borrowed(kind.message()),
        }
    }
}
