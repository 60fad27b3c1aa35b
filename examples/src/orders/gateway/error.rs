use std::time::Duration;

use http::StatusCode;
use hyper_util::client::legacy::Error as ClientError;
use mainstay_resilience::stack::Refused;
use mainstay_resilience::{Rejected, Rejection as _};

/// Why the gateway's answer is not known. The money may have moved, unless it
/// [was not asked](GatewayError::is_unsent) at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// There was no connection, or it broke.
    #[error("no answer")]
    Connection(#[source] ClientError),
    /// The gateway is not asked for now, as its breaker is open.
    #[error("gateway is shut off")]
    ShutOff {
        /// For how long yet, unless somebody shut it off by hand.
        wait: Option<Duration>,
    },
    /// A policy of ours ended the call: time was up, or the breaker is open.
    #[error("call ended")]
    Ended {
        /// Which policy, and why.
        #[source]
        refused: Refused,
        /// Whether the gateway may have heard of the charge: an open breaker can come after an
        /// attempt that failed.
        sent: bool,
    },
    /// The gateway could not serve the request.
    #[error("gateway answered {status}")]
    Status {
        /// What it answered.
        status: StatusCode,
        /// When it wants to be asked again.
        wait: Option<Duration>,
    },
    /// The gateway will not do what it was asked to, however often.
    #[error("gateway refused with {status}")]
    Refused {
        /// What it answered.
        status: StatusCode,
    },
    /// The answer cannot be understood.
    #[error("gateway's answer")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The request could not be made.
    #[error("request to the gateway")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl GatewayError {
    /// What came out of the stack, and whether an attempt was made before that.
    pub(super) fn from_stack(error: Rejected<Refused, ClientError>, sent: bool) -> Self {
        match error {
            Rejected::Rejection(refused) => Self::Ended { refused, sent },
            Rejected::Inner(error) => Self::Connection(error),
        }
    }

    /// Whether nothing came back at all.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Connection(_) | Self::Ended { .. } | Self::ShutOff { .. })
    }

    /// Whether the gateway was not asked, so that no money can have moved by this.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Ended { sent: false, .. } | Self::ShutOff { .. } | Self::Request(_))
    }

    /// Whether all the time that the call had is gone.
    pub fn is_deadline(&self) -> bool {
        matches!(self, Self::Ended { refused: Refused::Deadline(_), .. })
    }

    /// When to ask again, if the gateway or the breaker in front of it has said so.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Status { wait, .. } | Self::ShutOff { wait } => *wait,
            Self::Ended { refused, .. } => refused.retry_after(),
            _ => None,
        }
    }
}
