//! The details of `google.rpc` (`error_details.proto`), as types.

mod violation;

use std::borrow::Cow;

use bytes::Bytes;

pub(crate) use violation::pointer_from_grpc_field;
pub use violation::{FieldViolation, Location};

/// Text that is usually constant.
type Text = Cow<'static, str>;

/// Structured details of a fault: the messages of `google.rpc` error details, each at most once,
/// as AIP-193 asks.
///
/// `ErrorInfo` is not among them, as reason, domain and metadata are the fault's own; nor is
/// `RetryInfo` ([`Fault::retry_after`](crate::Fault::retry_after)), nor `RequestInfo`, which the
/// layer fills in. Over gRPC all of it is sent, within the size budget; over HTTP the field
/// violations are the problem's `errors`, and a help link is a `Link` header.
///
/// Everything in here is public.
///
/// ```
/// use mainstay_errors::{Details, FieldViolation};
///
/// let details = Details::bad_request([
///     FieldViolation::body("/lines/0/sku", "PATTERN", "may only have capitals, digits and dashes"),
///     FieldViolation::query("limit", "OUT_OF_RANGE", "must be 1 to 100"),
/// ]);
/// assert_eq!(details.field_violations.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// `BadRequest`: which fields are wrong.
    pub field_violations: Vec<FieldViolation>,
    /// `PreconditionFailure`: what has to be true first.
    pub precondition_violations: Vec<PreconditionViolation>,
    /// `QuotaFailure`: which quota is used up.
    pub quota_violations: Vec<QuotaViolation>,
    /// `ResourceInfo`: which resource it is about.
    pub resource: Option<ResourceInfo>,
    /// `Help`: where to read on. The kind's own help page comes first.
    pub help: Vec<HelpLink>,
    /// `LocalizedMessage`: the message in the user's language.
    pub localized_message: Option<LocalizedMessage>,
    /// `DebugInfo`: for the developer at the other end, within one organisation only. Dropped
    /// first when space is short.
    pub debug: Option<DebugInfo>,
    /// Details of other types, kept as they came.
    pub other: Vec<AnyDetail>,
}

/// A condition that has to hold first (`google.rpc.PreconditionFailure.Violation`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreconditionViolation {
    /// The type of precondition, as `TOS`.
    pub kind: Text,
    /// What it is about.
    pub subject: Text,
    /// How it failed.
    pub description: Text,
}

/// A quota that is used up (`google.rpc.QuotaFailure.Violation`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaViolation {
    /// Whose quota, as `clientip:192.0.2.7`.
    pub subject: Text,
    /// How it failed.
    pub description: Text,
}

/// The resource that is meant (`google.rpc.ResourceInfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceInfo {
    /// Its type, as `order`.
    pub resource_type: Text,
    /// Its name.
    pub name: Text,
    /// Who owns it, if that may be said.
    pub owner: Text,
    /// What went wrong with it.
    pub description: Text,
}

/// A page to read on (`google.rpc.Help.Link`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelpLink {
    /// What is there.
    pub description: Text,
    /// Where it is.
    pub url: Text,
}

/// A message for the user (`google.rpc.LocalizedMessage`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalizedMessage {
    /// The language, as `de-CH` (BCP 47).
    pub locale: Text,
    /// The message in that language.
    pub message: Text,
}

/// What helps a developer (`google.rpc.DebugInfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DebugInfo {
    /// The stack, innermost first.
    pub stack_entries: Vec<Text>,
    /// Anything else.
    pub detail: Text,
}

/// A detail of a type this crate does not know (`google.protobuf.Any`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnyDetail {
    /// The type, as `type.googleapis.com/example.v1.Hint`.
    pub type_url: Text,
    /// The encoded message.
    pub value: Bytes,
}

impl Details {
    /// Details that say which fields of a request are wrong.
    pub fn bad_request(violations: impl IntoIterator<Item = FieldViolation>) -> Self {
        Self { field_violations: violations.into_iter().collect(), ..Self::default() }
    }

    /// Details that say which resource is meant.
    pub fn resource(resource_type: impl Into<Text>, name: impl Into<Text>) -> Self {
        let resource = ResourceInfo {
            resource_type: resource_type.into(),
            name: name.into(),
            ..ResourceInfo::default()
        };
        Self { resource: Some(resource), ..Self::default() }
    }
}
