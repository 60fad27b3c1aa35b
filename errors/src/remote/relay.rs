use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::RemoteFault;
use crate::{Details, Fault, Kind};

/// A remote fault that is passed through to one's own client: by [`RemoteFault::relay`].
///
/// Code, status, reason, domain, message, metadata, retry hint and details are the other
/// service's; request and trace id are our own, and its debug information stays behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Relay(Box<RemoteFault>);

impl Relay {
    pub(super) fn new(mut remote: RemoteFault) -> Self {
        remote.details.debug = None;
        Self(Box::new(remote))
    }

    /// What was received.
    pub fn remote(&self) -> &RemoteFault {
        &self.0
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Relay {}

impl Fault for Relay {
    fn kind(&self) -> Kind<'_> {
        let remote = &*self.0;
        let reason = if remote.reason.is_empty() { remote.code.name() } else { &remote.reason };
        // Without a domain it has none, rather than ours, which a layer would fill in.
        let domain = remote.domain.as_deref().unwrap_or_default();
        let mut kind = Kind::new(remote.code, reason).status(remote.status.as_u16()).domain(domain);
        if let Some(title) = &remote.title {
            kind = kind.title(title);
        }
        if let Some(uri) = &remote.type_uri {
            kind = kind.type_uri(uri);
        }
        kind
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }

    fn metadata(&self, visit: &mut dyn FnMut(&str, &dyn fmt::Display)) {
        for (key, value) in &self.0.metadata {
            visit(key, value);
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    fn details(&self) -> Option<&Details> {
        Some(&self.0.details)
    }
}

crate::fault_conversions!(Relay);
