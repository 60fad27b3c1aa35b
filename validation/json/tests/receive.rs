//! Bodies: however they come, and whatever they say of themselves.

#![cfg(test)]

use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame, SizeHint};
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Full};
use mainstay_json::{Buffer, DecodeError, ErrorKind, Limits, from_body, read_body};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The end of a future that never has to wait.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Frames one by one, and a size hint that may be a lie.
struct Frames {
    frames: Vec<Frame<Bytes>>,
    hint: SizeHint,
}

impl Frames {
    fn new(mut frames: Vec<Frame<Bytes>>) -> Self {
        frames.reverse();
        Self { frames, hint: SizeHint::default() }
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.frames.pop().map(Ok))
    }

    #[allow(clippy::clone_on_copy, reason = "it can be copied since http-body 1.1")]
    fn size_hint(&self) -> SizeHint {
        self.hint.clone()
    }
}

/// The bytes cut at these places, empty frames among them, and trailers after them if told to.
fn cut(bytes: &[u8], cuts: &[usize], trailers: bool) -> Vec<Frame<Bytes>> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let mut frames: Vec<_> = cuts
        .windows(2)
        .map(|pair| Frame::data(Bytes::copy_from_slice(&bytes[pair[0]..pair[1]])))
        .collect();
    if trailers {
        frames.push(Frame::trailers(HeaderMap::new()));
    }
    frames
}

fn kind(read: Result<impl Sized, DecodeError>) -> Result<(), ErrorKind> {
    read.map(drop).map_err(|error| error.kind())
}

proptest! {
    #[test]
    fn frames_make_no_difference(
        input in "[\\[\\]{}a-c0-9\":, ]{0,40}",
        cuts in vec(0_usize..64, 0..6),
        trailers: bool,
        limit in 0_usize..48,
    ) {
        let limits = Limits::new().body(limit);
        let frames = Frames::new(cut(input.as_bytes(), &cuts, trailers));
        let by_frames = now(from_body::<Value, _>(frames, &limits));
        let whole = mainstay_json::from_slice::<Value>(input.as_bytes(), &limits);
        match (by_frames, whole) {
            (Ok(one), Ok(other)) => prop_assert_eq!(one, other),
            (Err(one), Err(other)) => {
                prop_assert_eq!(one.kind(), other.kind());
                prop_assert_eq!(one.pointer(), other.pointer());
                prop_assert_eq!((one.line(), one.column()), (other.line(), other.column()));
            }
            (one, other) => prop_assert!(false, "{:?} but {:?}", one, other),
        }
    }

    #[test]
    fn lies_do_not_change_what_is_accepted(
        length in 0_usize..200,
        limit in 0_usize..200,
        hint in 0_u64..400,
        declared in proptest::option::of(0_u64..400),
        cuts in vec(0_usize..200, 0..4),
    ) {
        let bytes = vec![b' '; length];
        let mut body = Frames::new(cut(&bytes, &cuts, false));
        body.hint.set_lower(hint);
        let mut headers = HeaderMap::new();
        if let Some(declared) = declared {
            headers.insert(CONTENT_LENGTH, declared.into());
        }
        let read = now(read_body(body, &Limits::new().body(limit)).headers(&headers));
        let said = hint.max(declared.unwrap_or(0));
        let fits = length <= limit && said <= limit as u64;
        prop_assert_eq!(kind(read), if fits { Ok(()) } else { Err(ErrorKind::BodyTooLarge) });
    }
}

/// A body of which nothing may be read.
struct Untouchable(u64);

impl Body for Untouchable {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("it is read")
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[test]
fn what_says_it_is_too_large_is_not_read() {
    for length in [1025, u64::from(u32::MAX) + 1, u64::MAX] {
        let read = now(read_body(Untouchable(length), &Limits::new().body(1024)));
        assert_eq!(kind(read), Err(ErrorKind::BodyTooLarge));
    }
}

#[test]
fn a_content_length_that_is_no_number_says_nothing() {
    for value in ["", "-1", "1 2", "0x10", "99999999999999999999999"] {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, value.parse().unwrap());
        let body = Full::new(Bytes::from_static(b"[]"));
        let read = now(from_body::<Value, _>(body, &Limits::new().body(2)).headers(&headers));
        assert_eq!(kind(read), Ok(()), "{value}");
    }
}

/// One that announces a gigabyte and sends two bytes.
#[test]
fn a_lie_reserves_little() {
    let mut body = Frames::new(cut(b"[]", &[], false));
    body.hint = SizeHint::with_exact(1 << 30);
    let limits = Limits::new().body(1 << 30);
    let allocated = allocation_counter::measure(|| {
        assert_eq!(kind(now(read_body(body, &limits))), Ok(()));
    });
    assert!(allocated.bytes_max < 256 * 1024, "{allocated:?}");
}

#[test]
fn the_error_of_a_body_is_kept() {
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    now(sender.send_data(Bytes::from_static(b"[1,"))).unwrap();
    sender.abort(io::Error::from(io::ErrorKind::ConnectionReset));
    let error = now(from_body::<Value, _>(body, &Limits::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    let source = error.body_error::<io::Error>().unwrap();
    assert_eq!(source.kind(), io::ErrorKind::ConnectionReset);
    assert!(error.source().unwrap().is::<io::Error>());
    assert_eq!((error.line(), error.pointer()), (0, ""));
    assert_eq!(error.to_string(), "body could not be read");
}

#[derive(Deserialize)]
struct Borrowing<'a> {
    sku: &'a str,
    #[serde(borrow)]
    note: Cow<'a, str>,
    #[serde(borrow)]
    raw: &'a RawValue,
}

#[test]
fn what_is_decoded_may_borrow() {
    let input = br#"{"sku":"A-1","note":"no escapes","raw":[1, 2]}"#;
    let received = now(read_body(Full::new(&input[..]), &Limits::new())).unwrap();
    let value: Borrowing<'_> = received.decode().unwrap();
    assert_eq!((value.sku, value.raw.get()), ("A-1", "[1, 2]"));
    assert!(matches!(value.note, Cow::Borrowed("no escapes")));
    let range = received.as_bytes().as_ptr_range();
    assert!(range.contains(&value.sku.as_ptr()) && range.contains(&value.raw.get().as_ptr()));
}

#[test]
fn a_log_sees_no_content() {
    let received = now(read_body(Full::new(&b"\"hunter2\""[..]), &Limits::new())).unwrap();
    assert_eq!(format!("{received:?}"), "Received { bytes: 9, .. }");
}

#[tokio::test]
async fn a_body_that_waits_is_waited_for() {
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    let read = tokio::spawn(from_body::<Vec<u8>, _>(body, &Limits::new()));
    for piece in ["[1", "", ", 2", "]"] {
        sender.send_data(Bytes::from_static(piece.as_bytes())).await.unwrap();
        tokio::task::yield_now().await;
    }
    drop(sender);
    assert_eq!(read.await.unwrap().unwrap(), [1, 2]);
}

#[test]
fn a_future_that_is_dropped_gives_its_buffer_back() {
    let half_read = || {
        let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
        now(sender.send_data(Bytes::from_static(b"[1,"))).unwrap();
        let mut read = Box::pin(read_body(body, &Limits::new()).headers(&length(1000)));
        assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    // On a thread of its own, as each has buffers of its own.
    thread::spawn(move || {
        half_read();
        let taken = allocation_counter::measure(|| drop(Buffer::with_capacity(1000)));
        assert_eq!(taken.count_total, 0);
    })
    .join()
    .unwrap();
}

fn length(bytes: u64) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_LENGTH, bytes.into())])
}

/// One that always has another empty frame.
struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::new()))))
    }
}

#[test]
fn an_endless_body_lets_others_have_their_turn() {
    let mut read = pin!(read_body(Endless, &Limits::new()));
    for _ in 0..3 {
        assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}

#[test]
fn the_futures_are_sent_between_threads() {
    fn check<T: Send>(_: &T) {}
    let body = || Full::new(Bytes::new()).map_err(|never| match never {});
    check(&read_body(body(), &Limits::new()));
    check(&from_body::<Value, _>(body().boxed(), &Limits::new()));
}
