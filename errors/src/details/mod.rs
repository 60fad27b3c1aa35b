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
/// violations are the problem's `errors`, and help links are `Link` headers.
///
/// Everything in here is public. It is large: an error holds it best in a box,
/// `#[fault(details)] details: Box<Details>`.
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
#[non_exhaustive]
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
    /// `RequestInfo.serving_data`: what the service's own people need to find the request again.
    pub serving_data: Text,
    /// Details of other types, kept as they came.
    pub other: Vec<AnyDetail>,
}

/// A condition that has to hold first (`google.rpc.PreconditionFailure.Violation`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct QuotaViolation {
    /// Whose quota, as `clientip:192.0.2.7`.
    pub subject: Text,
    /// How it failed.
    pub description: Text,
    /// The service whose quota it is, as `compute.example.com`.
    pub api_service: Text,
    /// The metric of the quota, as `compute.example.com/cpus_per_vm_family`.
    pub quota_metric: Text,
    /// The quota's id, as `CPUS-PER-VM-FAMILY`.
    pub quota_id: Text,
    /// The dimensions of the quota, as region and family.
    pub quota_dimensions: Vec<(Text, Text)>,
    /// The quota's value at the time.
    pub quota_value: i64,
    /// The value it is being changed to, while it is.
    pub future_quota_value: Option<i64>,
}

/// The resource that is meant (`google.rpc.ResourceInfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct HelpLink {
    /// What is there.
    pub description: Text,
    /// Where it is.
    pub url: Text,
}

/// A message for the user (`google.rpc.LocalizedMessage`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalizedMessage {
    /// The language, as `de-CH` (BCP 47).
    pub locale: Text,
    /// The message in that language.
    pub message: Text,
}

/// What helps a developer (`google.rpc.DebugInfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DebugInfo {
    /// The stack, innermost first.
    pub stack_entries: Vec<Text>,
    /// Anything else.
    pub detail: Text,
}

/// A detail of a type this crate does not know (`google.protobuf.Any`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnyDetail {
    /// The type, as `type.googleapis.com/example.v1.Hint`.
    pub type_url: Text,
    /// The encoded message.
    pub value: Bytes,
}

impl PreconditionViolation {
    /// A condition of this type, about this subject, and how it failed.
    pub fn new(
        kind: impl Into<Text>,
        subject: impl Into<Text>,
        description: impl Into<Text>,
    ) -> Self {
        Self { kind: kind.into(), subject: subject.into(), description: description.into() }
    }
}

impl QuotaViolation {
    /// Whose quota is used up, and how.
    pub fn new(subject: impl Into<Text>, description: impl Into<Text>) -> Self {
        Self { subject: subject.into(), description: description.into(), ..Self::default() }
    }
}

impl ResourceInfo {
    /// A resource of this type and name.
    pub fn new(resource_type: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self { resource_type: resource_type.into(), name: name.into(), ..Self::default() }
    }
}

impl HelpLink {
    /// What is there, and where it is.
    pub fn new(description: impl Into<Text>, url: impl Into<Text>) -> Self {
        Self { description: description.into(), url: url.into() }
    }
}

impl LocalizedMessage {
    /// A message in this language (BCP 47).
    pub fn new(locale: impl Into<Text>, message: impl Into<Text>) -> Self {
        Self { locale: locale.into(), message: message.into() }
    }
}

impl DebugInfo {
    /// A stack, innermost first, and whatever else there is to say.
    pub fn new(stack_entries: impl IntoIterator<Item = Text>, detail: impl Into<Text>) -> Self {
        Self { stack_entries: stack_entries.into_iter().collect(), detail: detail.into() }
    }
}

impl AnyDetail {
    /// An encoded message of this type.
    pub fn new(type_url: impl Into<Text>, value: impl Into<Bytes>) -> Self {
        Self { type_url: type_url.into(), value: value.into() }
    }
}

impl Details {
    /// Details that say which fields of a request are wrong.
    pub fn bad_request(violations: impl IntoIterator<Item = FieldViolation>) -> Self {
        Self { field_violations: violations.into_iter().collect(), ..Self::default() }
    }

    /// Details that say which resource is meant.
    pub fn resource(resource_type: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self { resource: Some(ResourceInfo::new(resource_type, name)), ..Self::default() }
    }
}
