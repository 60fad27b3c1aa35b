/// What belongs to one occurrence of a fault and not to the fault: where it is shown.
///
/// [`FaultLayer`](crate::FaultLayer) fills it from the request. Whoever renders by hand says what
/// is known:
///
/// ```
/// use mainstay_errors::Occurrence;
///
/// let occurrence = Occurrence::new().request_id("r-1").domain("orders.example.com");
/// assert_eq!(occurrence.request_id, Some("r-1"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Occurrence<'a> {
    /// The request's id: `request_id`, and `instance` as `urn:request:ID`, over HTTP;
    /// `google.rpc.RequestInfo` over gRPC.
    pub request_id: Option<&'a str>,
    /// The trace's id, 32 hex digits: `trace_id` over HTTP.
    pub trace_id: Option<&'a str>,
    /// The domain of faults that name none.
    pub domain: Option<&'a str>,
}

impl<'a> Occurrence<'a> {
    /// An occurrence of which nothing is known.
    pub const fn new() -> Self {
        Self { request_id: None, trace_id: None, domain: None }
    }

    /// The same with the request's id.
    #[must_use]
    pub const fn request_id(mut self, id: &'a str) -> Self {
        self.request_id = Some(id);
        self
    }

    /// The same with the trace's id.
    #[must_use]
    pub const fn trace_id(mut self, id: &'a str) -> Self {
        self.trace_id = Some(id);
        self
    }

    /// The same with a domain for faults that name none.
    #[must_use]
    pub const fn domain(mut self, domain: &'a str) -> Self {
        self.domain = Some(domain);
        self
    }
}
