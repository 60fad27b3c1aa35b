use std::fmt;

use mainstay_core::Code;

use crate::{BareFault, Fault, Kind, RemoteFault};

/// A gRPC status without details: what a handler wrote by hand, or the server itself.
#[derive(Debug)]
pub(super) struct Raw {
    status: RemoteFault,
    bare: BareFault,
    message: bool,
}

impl Raw {
    /// The message is for the client only where it was said that messages are, and never that of
    /// an internal error.
    pub(super) fn new(status: RemoteFault, messages_are_public: bool) -> Self {
        let code = status.code();
        let internal = matches!(code, Code::Unknown | Code::Internal | Code::DataLoss);
        let written = !status.message().is_empty();
        Self {
            // The router of a gRPC server answers an unknown method without a word.
            bare: if written { BareFault::named_after(code) } else { BareFault::from_code(code) },
            message: written && messages_are_public && !internal,
            status,
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {} without details", self.status.code())?;
        match self.status.message() {
            "" => Ok(()),
            message => write!(f, ": {message}"),
        }
    }
}

impl std::error::Error for Raw {}

impl Fault for Raw {
    fn kind(&self) -> Kind<'_> {
        self.bare.kind()
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message { f.write_str(self.status.message()) } else { self.bare.message(f) }
    }
}
