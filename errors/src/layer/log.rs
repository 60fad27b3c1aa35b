use std::fmt;

use mainstay_core::Code;
use tracing::{Level, event};

use crate::{Fault, Occurrence};

/// Says once what happened: what the client sees, and what it does not.
pub(super) fn fault(fault: &dyn Fault, occurrence: Occurrence<'_>, cause: &dyn fmt::Display) {
    let kind = fault.kind();
    // The level is part of the event's static metadata, so that each level is an event.
    macro_rules! log {
        ($level:expr) => {
            event!(
                target: "mainstay_errors",
                $level,
                code = kind.code.name(),
                status = kind.http_status().as_u16(),
                reason = kind.reason,
                domain = kind.domain.or(occurrence.domain),
                request_id = occurrence.request_id,
                trace_id = occurrence.trace_id,
                error = %cause,
                "request failed"
            )
        };
    }
    match level(kind.code) {
        Level::ERROR => log!(Level::ERROR),
        Level::WARN => log!(Level::WARN),
        _ => log!(Level::INFO),
    }
}

/// Whose trouble it is: a bug of ours, a service that could not do its work, or the client's.
fn level(code: Code) -> Level {
    match code {
        Code::Internal | Code::Unknown | Code::DataLoss => Level::ERROR,
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Aborted => {
            Level::WARN
        }
        _ => Level::INFO,
    }
}
