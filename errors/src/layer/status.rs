//! The status that tonic leaves in the extensions of a response.

use std::fmt;

use http::Extensions;
use mainstay_core::Code;
use tonic::Status;

use super::bare::Bare;
use crate::error::Carried;
use crate::fault::Chain;
use crate::{Error, Fault, Kind};

/// The error to show for a status; `None` where there is no status, or one with details that
/// somebody else wrote.
pub(super) fn find(extensions: &Extensions) -> Option<Carried> {
    let status = extensions.get::<Status>()?;
    let carried = Chain(status).links().find_map(|link| link.downcast_ref::<Carried>());
    if carried.is_some() || !status.details().is_empty() {
        return carried.cloned();
    }
    let shown = Raw::new(status);
    Some(Carried::new(Error::new(shown).caused_by(status.clone())))
}

/// A status that a handler, or tonic itself, made without details.
#[derive(Debug)]
struct Raw {
    bare: Bare,
    message: Option<String>,
}

impl Raw {
    /// The message is taken over only where somebody wrote it for the client. One that tonic
    /// made from an error names hosts and files, and that of an internal error is about the
    /// inside.
    fn new(status: &Status) -> Self {
        let code = Code::from_number(status.code().into()).unwrap_or(Code::Unknown);
        let internal = matches!(code, Code::Unknown | Code::Internal | Code::DataLoss);
        let made_of_error = std::error::Error::source(status).is_some();
        let message = status.message();
        let written = !internal && !made_of_error && !message.is_empty();
        Self {
            bare: if written { Bare::named_after(code) } else { Bare::from_code(code) },
            message: written.then(|| message.to_owned()),
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("status without details")
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
