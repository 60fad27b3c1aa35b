use std::fmt;

use mainstay_core::Code;

use crate::{BareFault, Fault, Kind};

/// A gRPC status that a handler, or the server itself, made without details.
#[derive(Debug)]
pub(super) struct Raw {
    bare: BareFault,
    message: Option<String>,
}

impl Raw {
    /// The message is taken over only where somebody wrote it for the client. That of an internal
    /// error is about the inside, and one that was `made_of_error` names hosts and files.
    pub(super) fn new(code: Code, message: &str, made_of_error: bool) -> Self {
        let internal = matches!(code, Code::Unknown | Code::Internal | Code::DataLoss);
        let written = !internal && !made_of_error && !message.is_empty();
        Self {
            bare: if written { BareFault::named_after(code) } else { BareFault::from_code(code) },
            message: written.then(|| message.to_owned()),
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {} without details", self.bare.kind().code)
    }
}

impl std::error::Error for Raw {}

impl Fault for Raw {
    fn kind(&self) -> Kind<'_> {
        self.bare.kind()
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => f.write_str(message),
            None => self.bare.message(f),
        }
    }
}
