use bytes::Bytes;
use http::HeaderMap;
use reqwest::Response;

/// An answer, as far as it is to be the same again.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.unwrap() }
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
    }
}

/// Holds an answer that is given again against the first one.
pub(crate) fn assert_replays(again: &Seen, first: &Seen) {
    assert!(again.is_replay() && !first.is_replay(), "{again:?}");
    assert_same(again, first);
}

/// Holds two answers to the same request against each other, byte for byte.
pub(crate) fn assert_same(one: &Seen, other: &Seen) {
    assert_eq!((one.status, &one.body), (other.status, &other.body));
    for name in ["content-type", "content-length", "location"] {
        assert_eq!(one.headers.get(name), other.headers.get(name), "{name}");
    }
    // That is of the request, and each has its own.
    assert_ne!(one.headers["x-request-id"], other.headers["x-request-id"]);
}
