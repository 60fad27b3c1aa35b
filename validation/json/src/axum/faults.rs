//! Responses where `mainstay-errors` writes them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum_core::response::{IntoResponse, Response};
use mainstay_errors::{Code, Details, Fault, FaultRow, FaultTable, Kind};

use super::JsonRejection;
use crate::{DecodeError, EncodeError};

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
            Self::Decode(error) => Fault::message(error, f),
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

/// The response is a 500, and keeps the error for the log: as what renders it anew, and as itself.
pub(super) fn unwritten(error: EncodeError) -> Response {
    let error = Arc::new(error);
    let mut response = mainstay_errors::Error::new(Unwritten(error.clone())).into_response();
    response.extensions_mut().insert(error);
    response
}

/// The fault that the error is.
#[derive(Debug)]
struct Unwritten(Arc<EncodeError>);

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Unwritten {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl Fault for Unwritten {
    fn kind(&self) -> Kind<'_> {
        Fault::kind(&*self.0)
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Fault::message(&*self.0, f)
    }

    fn table() -> &'static FaultTable {
        EncodeError::table()
    }
}
