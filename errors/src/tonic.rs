use std::sync::Arc;

use mainstay_core::Code;
use tonic::Status;

use crate::error::Carried;
use crate::{Error, GrpcStatus, RemoteFault};

/// The status has the public message and the details; the error is its source, where
/// [`FaultLayer`](crate::FaultLayer) finds it for the log.
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let rendered = GrpcStatus::new(error.fault());
        let code = tonic::Code::from(i32::from(error.fault().kind().code.number()));
        let message = rendered.message();
        let mut status = Status::with_details(code, message.as_str(), rendered.encoded());
        status.set_source(Arc::new(Carried::new(error)));
        status
    }
}

impl RemoteFault {
    /// Reads the status that a tonic client returned; `None` if its code is `Ok`.
    ///
    /// Unlike tonic's own reading of details this never panics.
    pub fn from_tonic(status: &Status) -> Option<Self> {
        let code = Code::from_number(status.code().into()).unwrap_or(Code::Unknown);
        Self::from_status(code, status.message().to_owned(), status.details())
    }
}
