//! A fault as an encoded `google.rpc.Status` (`status.proto`, `error_details.proto`).

use std::fmt::{self, Write};
use std::time::Duration;

use super::buffer::Buffer;
use super::shed::{DROPPED_DETAILS, Shed, Shedding};
use super::wire;
use crate::{Details, Fault, FieldViolation, Kind, Occurrence, QuotaViolation};

/// The name, in `ErrorInfo.metadata`, of an HTTP status that the code does not imply.
pub(crate) const HTTP_STATUS: &str = "httpStatus";

/// What a status is made from.
pub(super) struct Encoder<'a> {
    pub(super) fault: &'a dyn Fault,
    pub(super) kind: Kind<'a>,
    pub(super) occurrence: Occurrence<'a>,
    pub(super) message: &'a [u8],
}

impl Encoder<'_> {
    /// Writes the status with as many details as fit `most` bytes; nothing if not even the
    /// fewest do.
    pub(super) fn encode(&self, out: &mut Buffer, most: usize) {
        for shedding in Shedding::steps() {
            out.clear();
            self.write_status(out, shedding);
            if out.len() <= most {
                return;
            }
        }
        out.clear();
    }

    fn write_status(&self, out: &mut Buffer, shedding: Shedding) {
        wire::number(out, 1, u64::from(self.kind.code.number()));
        wire::bytes(out, 2, self.message);
        any(out, "type.googleapis.com/google.rpc.ErrorInfo", |out| {
            self.write_error_info(out, shedding);
        });
        if let Some(wait) = self.fault.retry_after().filter(|_| shedding.keeps(Shed::RetryInfo)) {
            any(out, "type.googleapis.com/google.rpc.RetryInfo", |out| {
                wire::message(out, 1, |out| write_duration(out, wait));
            });
        }
        if let Some(details) = self.fault.details() {
            write_details(out, details, shedding);
        }
        if shedding.keeps(Shed::Help) {
            self.write_help(out);
        }
        if self.has(Shed::RequestInfo) && shedding.keeps(Shed::RequestInfo) {
            any(out, "type.googleapis.com/google.rpc.RequestInfo", |out| {
                wire::text(out, 1, self.occurrence.request_id.unwrap_or_default());
                wire::text(out, 2, self.serving_data());
            });
        }
    }

    fn write_error_info(&self, out: &mut Buffer, shedding: Shedding) {
        wire::text(out, 1, self.kind.reason);
        wire::text(out, 2, self.kind.domain.unwrap_or_default());
        if shedding.keeps(Shed::Metadata) {
            self.fault.metadata(&mut |key, value| {
                if !is_reserved(key) {
                    write_entry(out, key, value);
                }
            });
        }
        if let Some(status) = self.kind.exact_status() {
            write_entry(out, HTTP_STATUS, &status.as_str());
        }
        let dropped = Dropped { encoder: self, shedding };
        if dropped.names().next().is_some() {
            write_entry(out, DROPPED_DETAILS, &dropped);
        }
    }

    fn write_help(&self, out: &mut Buffer) {
        let own = self.kind.help;
        let more = self.fault.details().map(|details| details.help.as_slice()).unwrap_or_default();
        if own.is_none() && more.is_empty() {
            return;
        }
        any(out, "type.googleapis.com/google.rpc.Help", |out| {
            if let Some(url) = own {
                wire::message(out, 1, |out| wire::text(out, 2, url));
            }
            for link in more {
                wire::message(out, 1, |out| {
                    wire::text(out, 1, &link.description);
                    wire::text(out, 2, &link.url);
                });
            }
        });
    }

    /// Whether this fault has what the step leaves out.
    fn has(&self, shed: Shed) -> bool {
        let details = |has: fn(&Details) -> bool| self.fault.details().is_some_and(has);
        match shed {
            Shed::DebugInfo => details(|it| it.debug.is_some()),
            Shed::Help => self.kind.help.is_some() || details(|it| !it.help.is_empty()),
            Shed::LocalizedMessage => details(|it| it.localized_message.is_some()),
            Shed::Other => details(|it| !it.other.is_empty()),
            Shed::ResourceInfo => details(|it| it.resource.is_some()),
            Shed::QuotaFailure => details(|it| !it.quota_violations.is_empty()),
            Shed::PreconditionFailure => details(|it| !it.precondition_violations.is_empty()),
            Shed::FieldViolationsOver(most) => {
                self.fault.details().is_some_and(|it| it.field_violations.len() > most)
            }
            Shed::RequestInfo => {
                self.occurrence.request_id.is_some() || !self.serving_data().is_empty()
            }
            Shed::Metadata => self.has_metadata(),
            Shed::RetryInfo => self.fault.retry_after().is_some(),
        }
    }

    fn serving_data(&self) -> &str {
        self.fault.details().map(|details| &*details.serving_data).unwrap_or_default()
    }

    fn has_metadata(&self) -> bool {
        let mut any = false;
        self.fault.metadata(&mut |_, _| any = true);
        any
    }
}

/// Entries that this crate writes itself and a fault's own would contradict.
fn is_reserved(key: &str) -> bool {
    matches!(key, HTTP_STATUS | DROPPED_DETAILS)
}

/// Displays what was left out, as `DebugInfo,Help`.
struct Dropped<'a> {
    encoder: &'a Encoder<'a>,
    shedding: Shedding,
}

impl Dropped<'_> {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let mut last = "";
        let lost = self.shedding.taken().iter().filter(|shed| self.encoder.has(**shed));
        lost.map(|shed| shed.name()).filter(move |name| std::mem::replace(&mut last, name) != *name)
    }
}

impl fmt::Display for Dropped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.names().enumerate() {
            if at > 0 {
                f.write_char(',')?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// One of the status's details, a `google.protobuf.Any`.
fn any(out: &mut Buffer, type_url: &str, write: impl FnOnce(&mut Buffer)) {
    wire::message(out, 3, |out| {
        wire::text(out, 1, type_url);
        wire::message(out, 2, write);
    });
}

/// An entry of `ErrorInfo.metadata`.
fn write_entry(out: &mut Buffer, key: &str, value: &dyn fmt::Display) {
    wire::message(out, 3, |out| {
        wire::text(out, 1, key);
        wire::display(out, 2, value);
    });
}

/// A `google.protobuf.Duration`, whose seconds are limited to ten thousand years.
fn write_duration(out: &mut Buffer, duration: Duration) {
    wire::number(out, 1, duration.as_secs().min(315_576_000_000));
    wire::number(out, 2, u64::from(duration.subsec_nanos()));
}

fn write_details(out: &mut Buffer, details: &Details, shedding: Shedding) {
    let most = shedding.most_violations().min(details.field_violations.len());
    if let Some(violations) = details.field_violations.get(..most).filter(|it| !it.is_empty()) {
        any(out, "type.googleapis.com/google.rpc.BadRequest", |out| {
            for violation in violations {
                wire::message(out, 1, |out| write_field_violation(out, violation));
            }
        });
    }
    if shedding.keeps(Shed::PreconditionFailure) && !details.precondition_violations.is_empty() {
        any(out, "type.googleapis.com/google.rpc.PreconditionFailure", |out| {
            for violation in &details.precondition_violations {
                wire::message(out, 1, |out| {
                    wire::text(out, 1, &violation.kind);
                    wire::text(out, 2, &violation.subject);
                    wire::text(out, 3, &violation.description);
                });
            }
        });
    }
    if shedding.keeps(Shed::QuotaFailure) && !details.quota_violations.is_empty() {
        any(out, "type.googleapis.com/google.rpc.QuotaFailure", |out| {
            for violation in &details.quota_violations {
                wire::message(out, 1, |out| write_quota_violation(out, violation));
            }
        });
    }
    write_rarer_details(out, details, shedding);
}

fn write_rarer_details(out: &mut Buffer, details: &Details, shedding: Shedding) {
    if let Some(resource) = details.resource.as_ref().filter(|_| shedding.keeps(Shed::ResourceInfo))
    {
        any(out, "type.googleapis.com/google.rpc.ResourceInfo", |out| {
            wire::text(out, 1, &resource.resource_type);
            wire::text(out, 2, &resource.name);
            wire::text(out, 3, &resource.owner);
            wire::text(out, 4, &resource.description);
        });
    }
    let localized = details.localized_message.as_ref();
    if let Some(localized) = localized.filter(|_| shedding.keeps(Shed::LocalizedMessage)) {
        any(out, "type.googleapis.com/google.rpc.LocalizedMessage", |out| {
            wire::text(out, 1, &localized.locale);
            wire::text(out, 2, &localized.message);
        });
    }
    if let Some(debug) = details.debug.as_ref().filter(|_| shedding.keeps(Shed::DebugInfo)) {
        any(out, "type.googleapis.com/google.rpc.DebugInfo", |out| {
            for entry in &debug.stack_entries {
                // Unlike a field, an element of a list is there when it is empty.
                wire::message(out, 1, |out| out.extend(entry.as_bytes()));
            }
            wire::text(out, 2, &debug.detail);
        });
    }
    if shedding.keeps(Shed::Other) {
        for other in &details.other {
            any(out, &other.type_url, |out| out.extend(&other.value));
        }
    }
}

fn write_quota_violation(out: &mut Buffer, violation: &QuotaViolation) {
    wire::text(out, 1, &violation.subject);
    wire::text(out, 2, &violation.description);
    wire::text(out, 3, &violation.api_service);
    wire::text(out, 4, &violation.quota_metric);
    wire::text(out, 5, &violation.quota_id);
    for (name, value) in &violation.quota_dimensions {
        wire::message(out, 6, |out| {
            wire::text(out, 1, name);
            wire::text(out, 2, value);
        });
    }
    wire::number(out, 7, violation.quota_value.cast_unsigned());
    if let Some(value) = violation.future_quota_value {
        wire::present_number(out, 8, value.cast_unsigned());
    }
}

fn write_field_violation(out: &mut Buffer, violation: &FieldViolation) {
    wire::display(out, 1, &violation.grpc_field());
    wire::text(out, 2, &violation.detail);
    wire::text(out, 3, &violation.reason);
    if let Some(localized) = &violation.localized {
        wire::message(out, 4, |out| {
            wire::text(out, 1, &localized.locale);
            wire::text(out, 2, &localized.message);
        });
    }
}
