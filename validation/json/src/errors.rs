//! What is refused, as faults.

use std::fmt;
use std::sync::OnceLock;

use mainstay_errors::{Code, Details, Fault, FaultRow, FaultTable, FieldViolation, Kind};

use crate::decode::told;
use crate::{DecodeError, EncodeError, ErrorKind};

/// The details of an error, made when somebody asks for them.
#[derive(Debug, Default)]
pub(crate) struct Shown(OnceLock<Box<Details>>);

const TOO_LARGE: Kind<'static> = Kind::new(Code::OutOfRange, "BODY_TOO_LARGE").status(413);
const LIMIT: Kind<'static> = Kind::new(Code::OutOfRange, "JSON_LIMIT_EXCEEDED").status(413);
const MALFORMED: Kind<'static> = Kind::new(Code::InvalidArgument, "MALFORMED_BODY");
const INCOMPLETE: Kind<'static> = Kind::new(Code::InvalidArgument, "INCOMPLETE_BODY");
const INVALID: Kind<'static> = Kind::new(Code::InvalidArgument, "VALIDATION_FAILED").status(422);
const INTERNAL: Kind<'static> = Kind::new(Code::Internal, "INTERNAL");

const INTERNAL_MESSAGE: &str = "Something went wrong on our side.";

/// | kind | code, status and reason |
/// |---|---|
/// | `BodyTooLarge` | `OUT_OF_RANGE`, 413 `BODY_TOO_LARGE` |
/// | the other limits | `OUT_OF_RANGE`, 413 `JSON_LIMIT_EXCEEDED` |
/// | `Syntax`, `UnexpectedEnd` | `INVALID_ARGUMENT`, 400 `MALFORMED_BODY` |
/// | `Body` | `INVALID_ARGUMENT`, 400 `INCOMPLETE_BODY` |
/// | what else | `INVALID_ARGUMENT`, 422 `VALIDATION_FAILED` |
///
/// A limit within the JSON and what is 422 has a field violation at the pointer.
impl Fault for DecodeError {
    fn kind(&self) -> Kind<'_> {
        kind(DecodeError::kind(self))
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&DecodeError::message(self))
    }

    fn details(&self) -> Option<&Details> {
        let reason = DecodeError::kind(self).violation()?;
        let make = || {
            let violation = FieldViolation::body(self.pointer().to_owned(), reason, self.public());
            Box::new(Details::bad_request([violation]))
        };
        Some(self.shown().0.get_or_init(make))
    }

    fn table() -> &'static FaultTable {
        const ROWS: [FaultRow; 5] = [
            FaultRow::new(TOO_LARGE, ErrorKind::BodyTooLarge.message()),
            FaultRow::new(LIMIT, told::LIMIT),
            FaultRow::new(MALFORMED, ErrorKind::Syntax.message()),
            FaultRow::new(INCOMPLETE, ErrorKind::Body.message()),
            FaultRow::new(INVALID, told::INVALID),
        ];
        const { &FaultTable::new(&ROWS, &[]) }
    }
}

const fn kind(kind: ErrorKind) -> Kind<'static> {
    match kind {
        ErrorKind::BodyTooLarge => TOO_LARGE,
        ErrorKind::TooDeep
        | ErrorKind::StringTooLong
        | ErrorKind::ArrayTooLong
        | ErrorKind::TooManyMembers => LIMIT,
        ErrorKind::Syntax | ErrorKind::UnexpectedEnd => MALFORMED,
        ErrorKind::Body => INCOMPLETE,
        ErrorKind::DuplicateKey
        | ErrorKind::MissingField
        | ErrorKind::UnknownField
        | ErrorKind::Data => INVALID,
    }
}

/// `INTERNAL`, 500: what cannot be written is our own.
impl Fault for EncodeError {
    fn kind(&self) -> Kind<'_> {
        INTERNAL
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(INTERNAL_MESSAGE)
    }

    fn table() -> &'static FaultTable {
        const ROW: FaultRow = FaultRow::new(INTERNAL, INTERNAL_MESSAGE);
        const { &FaultTable::new(&[ROW], &[]) }
    }
}

mainstay_errors::fault_conversions!(DecodeError);
mainstay_errors::fault_conversions!(EncodeError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_the_status_of_its_kind() {
        for each in [
            ErrorKind::BodyTooLarge,
            ErrorKind::TooDeep,
            ErrorKind::StringTooLong,
            ErrorKind::ArrayTooLong,
            ErrorKind::TooManyMembers,
            ErrorKind::Syntax,
            ErrorKind::UnexpectedEnd,
            ErrorKind::DuplicateKey,
            ErrorKind::MissingField,
            ErrorKind::UnknownField,
            ErrorKind::Data,
            ErrorKind::Body,
        ] {
            assert_eq!(kind(each).http_status(), each.status(), "{each:?}");
            let listed = DecodeError::table().rows();
            assert!(listed.iter().any(|row| row.kind == kind(each)), "{each:?}");
        }
    }
}
