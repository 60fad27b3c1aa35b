//! Reading a gRPC status with its details.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::{Duration, UNIX_EPOCH};

use base64_simd::forgiving_decode_to_vec;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use mainstay_core::{Code, Pushback};
use percent_encoding::percent_decode;

use super::RemoteFault;
use crate::details::pointer_from_grpc_field;
use crate::grpc::wire::{Fields, Malformed, Value};
use crate::grpc::{DROPPED_DETAILS, GRPC_MESSAGE, GRPC_STATUS, GRPC_STATUS_DETAILS, HTTP_STATUS};
use crate::{
    AnyDetail, DebugInfo, FieldViolation, HelpLink, LocalizedMessage, Location,
    PreconditionViolation, QuotaViolation, ResourceInfo,
};

const GRPC_RETRY_PUSHBACK: &str = "grpc-retry-pushback-ms";

impl RemoteFault {
    /// Reads the headers of a trailers-only response, or the trailers of any other; `None` if
    /// there is no `grpc-status`, or if it is 0.
    ///
    /// `grpc-status` and `grpc-message` win where the details disagree. Details that cannot be
    /// decoded are as if absent.
    pub fn from_grpc(headers: &HeaderMap) -> Option<Self> {
        let code = code_of(headers.get(GRPC_STATUS)?.as_bytes());
        let message = headers.get(GRPC_MESSAGE);
        // Bad escapes stand for themselves, and bytes that are no UTF-8 for U+FFFD.
        let message =
            message.map(|value| percent_decode(value.as_bytes()).decode_utf8_lossy().into_owned());
        let details = headers.get_all(GRPC_STATUS_DETAILS).iter();
        let encoded = details
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .find_map(|value| forgiving_decode_to_vec(value).ok());
        let status = encoded.unwrap_or_default();
        let mut fault = Self::from_status(code, message.unwrap_or_default(), &status)?;
        if headers.contains_key(GRPC_RETRY_PUSHBACK) {
            // It is no date, so that the time does not matter.
            fault.retry_after =
                Pushback::from_headers(headers, UNIX_EPOCH).and_then(Pushback::wait);
        }
        Some(fault)
    }

    /// Reads a code, a message and an encoded `google.rpc.Status`, as a gRPC library holds them.
    /// `None` if the code is [`Code::Ok`].
    pub fn from_status(code: Code, message: String, status: &[u8]) -> Option<Self> {
        if code == Code::Ok {
            return None;
        }
        let mut fault = Self { message, ..Self::bare(code, code.http_status()) };
        for detail in details_of(status).unwrap_or_default() {
            // A detail that is malformed does not take the others with it.
            let _ = fault.read_detail(detail);
        }
        Some(fault)
    }

    fn read_detail(&mut self, detail: AnyDetail) -> Result<(), Malformed> {
        let name = detail.type_url.rsplit('/').next().unwrap_or_default();
        let value: &[u8] = &detail.value;
        let details = &mut self.details;
        match name {
            "google.rpc.ErrorInfo" => return self.read_error_info(&detail.value),
            "google.rpc.RetryInfo" => {
                let delay = submessages(value, 1)?.pop().and_then(duration_of);
                self.retry_after = delay.or(self.retry_after);
            }
            "google.rpc.RequestInfo" => {
                self.request_id = Some(text_field(value, 1)?).filter(|id| !id.is_empty());
                details.serving_data = text_field(value, 2)?.into();
            }
            "google.rpc.BadRequest" => {
                let violations = well_formed(submessages(value, 1)?, violation_of);
                details.field_violations.extend(violations);
            }
            "google.rpc.PreconditionFailure" => {
                let violations = well_formed(submessages(value, 1)?, precondition_of);
                details.precondition_violations.extend(violations);
            }
            "google.rpc.QuotaFailure" => {
                let violations = well_formed(submessages(value, 1)?, quota_of);
                details.quota_violations.extend(violations);
            }
            "google.rpc.ResourceInfo" => details.resource = Some(resource_of(value)?),
            "google.rpc.Help" => {
                details.help.extend(well_formed(submessages(value, 1)?, link_of));
            }
            "google.rpc.LocalizedMessage" => {
                details.localized_message = Some(localized_of(value)?);
            }
            "google.rpc.DebugInfo" => details.debug = Some(debug_of(value)?),
            _ => details.other.push(detail),
        }
        Ok(())
    }

    fn read_error_info(&mut self, info: &[u8]) -> Result<(), Malformed> {
        let entries = well_formed(submessages(info, 3)?, entry_of);
        self.reason = text_field(info, 1)?;
        self.domain = Some(text_field(info, 2)?).filter(|domain| !domain.is_empty());
        for (key, value) in entries {
            match &*key {
                HTTP_STATUS => self.read_status(&value),
                DROPPED_DETAILS => self.dropped = Some(value.into_owned()),
                _ => self.metadata.push((key.into_owned(), value.into_owned())),
            }
        }
        self.keep_last_values();
        Ok(())
    }

    /// A map has one value a key: the last.
    fn keep_last_values(&mut self) {
        let mut seen = HashSet::new();
        let mut last: Vec<_> = std::mem::take(&mut self.metadata);
        last.reverse();
        last.retain(|(key, _)| seen.insert(key.clone()));
        last.reverse();
        self.metadata = last;
    }

    fn read_status(&mut self, number: &str) {
        let status = number.parse().ok().and_then(|number| StatusCode::from_u16(number).ok());
        if let Some(status) = status.filter(|it| it.is_client_error() || it.is_server_error()) {
            self.status = status;
        }
    }
}

/// A status that is no number, or a number without a code, is UNKNOWN. A sign is no part of one:
/// `-0` is not success.
fn code_of(status: &[u8]) -> Code {
    let digits = status.iter().all(u8::is_ascii_digit).then_some(status);
    let number = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    number.and_then(Code::from_number).unwrap_or(Code::Unknown)
}

/// The details of a `google.rpc.Status`.
fn details_of(status: &[u8]) -> Result<Vec<AnyDetail>, Malformed> {
    let any = |any: &[u8]| {
        let type_url = text_field(any, 1)?.into();
        Ok(AnyDetail { type_url, value: Bytes::copy_from_slice(last_bytes(any, 2)?) })
    };
    Ok(well_formed(submessages(status, 3)?, any))
}

fn violation_of(message: &[u8]) -> Result<FieldViolation, Malformed> {
    Ok(FieldViolation {
        location: Location::Body,
        path: pointer_from_grpc_field(&text_field(message, 1)?).into(),
        detail: text_field(message, 2)?.into(),
        reason: text_field(message, 3)?.into(),
        localized: submessages(message, 4)?.pop().and_then(|it| localized_of(it).ok()),
    })
}

fn precondition_of(message: &[u8]) -> Result<PreconditionViolation, Malformed> {
    Ok(PreconditionViolation {
        kind: text_field(message, 1)?.into(),
        subject: text_field(message, 2)?.into(),
        description: text_field(message, 3)?.into(),
    })
}

fn quota_of(message: &[u8]) -> Result<QuotaViolation, Malformed> {
    Ok(QuotaViolation {
        subject: text_field(message, 1)?.into(),
        description: text_field(message, 2)?.into(),
        api_service: text_field(message, 3)?.into(),
        quota_metric: text_field(message, 4)?.into(),
        quota_id: text_field(message, 5)?.into(),
        quota_dimensions: well_formed(submessages(message, 6)?, entry_of),
        quota_value: last(message, 7)?.and_then(number_of).unwrap_or_default().cast_signed(),
        future_quota_value: last(message, 8)?.and_then(number_of).map(u64::cast_signed),
    })
}

fn entry_of(message: &[u8]) -> Result<(Cow<'static, str>, Cow<'static, str>), Malformed> {
    Ok((text_field(message, 1)?.into(), text_field(message, 2)?.into()))
}

fn resource_of(message: &[u8]) -> Result<ResourceInfo, Malformed> {
    Ok(ResourceInfo {
        resource_type: text_field(message, 1)?.into(),
        name: text_field(message, 2)?.into(),
        owner: text_field(message, 3)?.into(),
        description: text_field(message, 4)?.into(),
    })
}

fn link_of(message: &[u8]) -> Result<HelpLink, Malformed> {
    Ok(HelpLink {
        description: text_field(message, 1)?.into(),
        url: text_field(message, 2)?.into(),
    })
}

fn localized_of(message: &[u8]) -> Result<LocalizedMessage, Malformed> {
    Ok(LocalizedMessage {
        locale: text_field(message, 1)?.into(),
        message: text_field(message, 2)?.into(),
    })
}

fn debug_of(message: &[u8]) -> Result<DebugInfo, Malformed> {
    let entries = submessages(message, 1)?.into_iter();
    Ok(DebugInfo {
        stack_entries: entries
            .map(|entry| String::from_utf8_lossy(entry).into_owned().into())
            .collect(),
        detail: text_field(message, 2)?.into(),
    })
}

/// A `google.protobuf.Duration`; negative ones are no wait.
fn duration_of(message: &[u8]) -> Option<Duration> {
    let number = |field| Some(last(message, field).ok()?.and_then(number_of).unwrap_or(0));
    let seconds = number(1)?.cast_signed();
    let nanos = u32::try_from(number(2)?).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(seconds).ok()?, nanos))
}

fn number_of(value: Value<'_>) -> Option<u64> {
    match value {
        Value::Number(number) => Some(number),
        Value::Bytes(_) => None,
    }
}

fn bytes_of(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        Value::Number(_) => None,
    }
}

/// The last value of a field, as proto3 wants where one is repeated that should not be.
fn last(message: &[u8], field: u64) -> Result<Option<Value<'_>>, Malformed> {
    Fields::of(message).try_fold(None, |last, next| {
        let (number, value) = next?;
        Ok(if number == field { Some(value) } else { last })
    })
}

fn last_bytes(message: &[u8], field: u64) -> Result<&[u8], Malformed> {
    Ok(last(message, field)?.and_then(bytes_of).unwrap_or_default())
}

/// A string field; empty where absent. What is no UTF-8 is read with U+FFFD in its place.
fn text_field(message: &[u8], field: u64) -> Result<String, Malformed> {
    Ok(String::from_utf8_lossy(last_bytes(message, field)?).into_owned())
}

/// The values of a repeated message or string field.
fn submessages(message: &[u8], field: u64) -> Result<Vec<&[u8]>, Malformed> {
    let mut all = Vec::new();
    for next in Fields::of(message) {
        let (number, value) = next?;
        if number == field {
            all.extend(bytes_of(value));
        }
    }
    Ok(all)
}

/// What can be read of a list: an element that is malformed does not take the others with it.
fn well_formed<'a, T>(
    messages: Vec<&'a [u8]>,
    read: impl Fn(&'a [u8]) -> Result<T, Malformed>,
) -> Vec<T> {
    messages.into_iter().filter_map(|message| read(message).ok()).collect()
}
