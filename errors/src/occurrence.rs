/// What belongs to one occurrence of a fault and not to the fault: where it is shown.
///
/// [`FaultLayer`](crate::FaultLayer) fills it from the request. Whoever renders by hand fills
/// what is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occurrence<'a> {
    /// The request's id: `request_id`, and `instance` as `urn:request:ID`, over HTTP;
    /// `google.rpc.RequestInfo` over gRPC.
    pub request_id: Option<&'a str>,
    /// The trace's id, 32 hex digits: `trace_id` over HTTP.
    pub trace_id: Option<&'a str>,
    /// The domain of faults that name none.
    pub domain: Option<&'a str>,
}
