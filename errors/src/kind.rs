use http::StatusCode;
use mainstay_core::Code;

/// What all faults of one sort have in common: what clients branch on, and what never varies.
///
/// Within a domain the reason names exactly one kind. `#[derive(Fault)]` makes it from the
/// attributes of a variant; by hand it is a constant:
///
/// ```
/// use mainstay_errors::{Code, Kind};
///
/// const DECLINED: Kind<'static> = Kind::new(Code::FailedPrecondition, "PAYMENT_DECLINED")
///     .domain("payments.example.com")
///     .status(402);
///
/// assert_eq!(DECLINED.http_status(), 402);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Kind<'a> {
    /// The canonical code.
    pub code: Code,
    /// The stable business code that clients branch on.
    pub reason: &'a str,
    /// Who defines the reason.
    pub domain: Option<&'a str>,
    /// The title, if it is not made from the reason.
    pub title: Option<&'a str>,
    /// The problem type's URI, if it is not made from domain and reason.
    pub type_uri: Option<&'a str>,
    /// A page that helps.
    pub help: Option<&'a str>,
    /// See [`Kind::http_status`].
    status: Option<u16>,
}

impl<'a> Kind<'a> {
    /// A kind with this code and reason, and the HTTP status that goes with the code.
    ///
    /// The reason is `UPPER_SNAKE`, at most 63 characters (AIP-193). A fault that is `Ok` is
    /// none: it becomes `Unknown`.
    pub const fn new(code: Code, reason: &'a str) -> Self {
        let code = if matches!(code, Code::Ok) { Code::Unknown } else { code };
        Self { code, reason, domain: None, title: None, type_uri: None, help: None, status: None }
    }

    /// A more exact HTTP status than the code's own, 400 to 599, such as 402, 412, 413 or 422.
    /// Other numbers are ignored.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        if matches!(status, 400..=599) {
            self.status = Some(status);
        }
        self
    }

    /// Who defines the reason, as `orders.example.com`: globally unique, and the same wherever
    /// the service runs. An empty one is none, and is not filled in by a layer.
    #[must_use]
    pub const fn domain(mut self, domain: &'a str) -> Self {
        self.domain = Some(domain);
        self
    }

    /// A short summary, the same for every occurrence (RFC 9457). By default the reason in words:
    /// `ORDER_NOT_FOUND` becomes "Order not found".
    #[must_use]
    pub const fn title(mut self, title: &'a str) -> Self {
        self.title = Some(title);
        self
    }

    /// The problem type's URI (RFC 9457). By default `https://DOMAIN/problems/REASON`.
    #[must_use]
    pub const fn type_uri(mut self, uri: &'a str) -> Self {
        self.type_uri = Some(uri);
        self
    }

    /// A page that helps: a `Link` with relation `help` over HTTP, a `google.rpc.Help` over gRPC.
    #[must_use]
    pub const fn help(mut self, url: &'a str) -> Self {
        self.help = Some(url);
        self
    }

    /// The HTTP status: the exact one if there is one, else that of the code.
    pub fn http_status(&self) -> StatusCode {
        self.exact_status().unwrap_or_else(|| self.code.http_status())
    }

    /// The HTTP status if it is another than the code's own: what a gRPC peer cannot guess.
    pub(crate) fn exact_status(&self) -> Option<StatusCode> {
        let status = StatusCode::from_u16(self.status?).ok()?;
        (status != self.code.http_status()).then_some(status)
    }

    /// The same with the domain filled in, if it has none.
    pub(crate) fn or_domain(mut self, domain: Option<&'a str>) -> Self {
        self.domain = self.domain.or(domain);
        self
    }
}

impl PartialEq for Kind<'_> {
    /// A status that is said is the same as one that follows from the code.
    fn eq(&self, other: &Self) -> bool {
        (self.code, self.http_status(), self.reason, self.domain)
            == (other.code, other.http_status(), other.reason, other.domain)
            && (self.title, self.type_uri, self.help) == (other.title, other.type_uri, other.help)
    }
}

impl Eq for Kind<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_is_no_error_is_ignored() {
        for wrong in [0, 200, 399, 600, u16::MAX] {
            assert_eq!(Kind::new(Code::NotFound, "X").status(wrong).http_status(), 404);
        }
    }

    #[test]
    fn only_a_status_of_its_own_is_exact() {
        let kind = Kind::new(Code::NotFound, "X");
        assert_eq!(kind.status(404).exact_status(), None);
        assert_eq!(kind.status(410).exact_status(), Some(StatusCode::GONE));
    }
}
