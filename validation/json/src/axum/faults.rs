//! Responses where `mainstay-errors` writes them.

use std::fmt;

use mainstay_errors::{Code, Details, Fault, FaultRow, FaultTable, Kind};

use super::JsonRejection;
use crate::DecodeError;

const MEDIA_TYPE: Kind<'static> =
    Kind::new(Code::InvalidArgument, "UNSUPPORTED_MEDIA_TYPE").status(415);

/// `INVALID_ARGUMENT`, 415 `UNSUPPORTED_MEDIA_TYPE`, or as the [`DecodeError`].
impl Fault for JsonRejection {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::UnsupportedMediaType => MEDIA_TYPE,
            Self::Decode(error) => Fault::kind(error),
        }
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedMediaType => f.write_str(Self::MEDIA_TYPE),
            Self::Decode(error) => error.message(f),
        }
    }

    fn details(&self) -> Option<&Details> {
        match self {
            Self::UnsupportedMediaType => None,
            Self::Decode(error) => error.details(),
        }
    }

    fn table() -> &'static FaultTable {
        const ROW: FaultRow = FaultRow::new(MEDIA_TYPE, JsonRejection::MEDIA_TYPE);
        const { &FaultTable::new(&[ROW], &[DecodeError::table]) }
    }
}

mainstay_errors::fault_conversions!(JsonRejection);
