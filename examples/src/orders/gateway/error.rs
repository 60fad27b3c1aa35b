use std::time::Duration;

use http::StatusCode;

/// Why the gateway's answer is not known. The money may have moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// There was no connection, or it broke.
    #[error("no answer")]
    Connection(#[source] hyper_util::client::legacy::Error),
    /// There was no answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
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
    /// Whether nothing came back at all.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Connection(_) | Self::Timeout(_))
    }

    /// When the gateway wants to be asked again, if it said so.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Status { wait, .. } => *wait,
            _ => None,
        }
    }
}
