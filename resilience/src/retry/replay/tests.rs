//! Readers against a model that knows all frames, and two readers at once.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::StreamBody;
use proptest::prelude::*;

use super::body::Polled;
use super::tape::{Next, Rest, Tape};
use super::*;
use crate::retry::GaveUp;

/// What a body does next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Data(u8),
    Trailers,
    Pending,
    Fail,
}

/// Does as it is told, and says how much there is.
#[derive(Debug)]
struct Told(VecDeque<Step>);

impl Told {
    fn left(&self) -> u64 {
        let data = self.0.iter().take_while(|it| **it != Step::Fail);
        data.map(|it| if let Step::Data(size) = it { u64::from(*size) } else { 0 }).sum()
    }
}

impl Body for Told {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        Poll::Ready(Some(match self.0.pop_front() {
            None => return Poll::Ready(None),
            Some(Step::Pending) => return Poll::Pending,
            Some(Step::Data(size)) => Ok(Frame::data(vec![size; usize::from(size)].into())),
            Some(Step::Trailers) => Ok(Frame::trailers(HeaderMap::new())),
            Some(Step::Fail) => Err("failed".to_owned()),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}

fn body() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => any::<u8>().prop_map(Step::Data),
        2 => Just(Step::Pending),
        1 => Just(Step::Fail),
    ];
    (prop::collection::vec(step, 0..12), any::<bool>()).prop_map(|(mut steps, trailers)| {
        if trailers {
            steps.push(Step::Trailers);
        }
        steps
    })
}

/// What frames it comes to, and whether it fails then.
fn frames(steps: &[Step]) -> (Vec<Step>, bool) {
    let whole = steps.iter().take_while(|it| **it != Step::Fail);
    let frames = whole.filter(|it| **it != Step::Pending).cloned().collect();
    (frames, steps.contains(&Step::Fail))
}

fn as_step(frame: &Frame<Bytes>) -> Step {
    match frame.data_ref() {
        Some(data) => Step::Data(u8::try_from(data.len()).unwrap()),
        None => Step::Trailers,
    }
}

fn charge(frames: &[Step]) -> u64 {
    let charge = |it: &Step| if let Step::Data(size) = it { u64::from(*size).max(64) } else { 64 };
    frames.iter().map(charge).sum()
}

fn left(frames: &[Step]) -> u64 {
    frames.iter().map(|it| if let Step::Data(size) = it { u64::from(*size) } else { 0 }).sum()
}

proptest! {
    /// Each reader is given all frames from the first one on, wherever the one before had stopped,
    /// and says at any time how much is left.
    #[test]
    fn every_reader_reads_the_whole(
        steps in body(),
        cap in 0_usize..2000,
        stops in prop::collection::vec(0_usize..16, 1..4),
    ) {
        let (expected, fails) = frames(&steps);
        let told = Told(steps.clone().into());
        let beforehand = told.left() > cap as u64;
        let Ok(recording) = Recording::new(told, cap) else {
            prop_assert!(beforehand);
            return Ok(());
        };
        prop_assert!(!beforehand);
        let mut cx = Context::from_waker(Waker::noop());
        let (mut furthest, mut seen_end) = (0, false);
        for stop in stops {
            let mut reader = pin!(recording.reader());
            let mut at = 0;
            for _ in 0..stop {
                // What is pending and was not yet met is part of neither.
                let exact = reader.size_hint().exact();
                prop_assert_eq!(exact, Some(left(&expected[at..])), "at {} of {:?}", at, steps);
                match reader.as_mut().poll_frame(&mut cx) {
                    Poll::Pending => {}
                    Poll::Ready(None) => {
                        prop_assert!(at == expected.len() && reader.is_end_stream());
                        break;
                    }
                    Poll::Ready(Some(Ok(frame))) => {
                        prop_assert_eq!(Some(&as_step(&frame)), expected.get(at));
                        at += 1;
                    }
                    Poll::Ready(Some(Err(error))) => {
                        prop_assert!(fails && at == expected.len());
                        prop_assert_eq!(error.to_string(), "failed");
                        seen_end = true;
                        break;
                    }
                }
            }
            furthest = furthest.max(at);
            let again = recording.rewind();
            if charge(&expected[..furthest]) > cap as u64 {
                prop_assert_eq!(again, Err(GaveUp::BodyTooLarge));
                return Ok(());
            }
            if seen_end {
                prop_assert_eq!(again, Err(GaveUp::BodyFailed));
                return Ok(());
            }
            prop_assert_eq!(again, Ok(()));
        }
        // The last one goes on alone.
        let mut reader = pin!(recording.reader());
        drop(recording);
        let mut at = 0;
        for _ in 0..=2 * steps.len() {
            if let Poll::Ready(Some(Ok(frame))) = reader.as_mut().poll_frame(&mut cx) {
                prop_assert_eq!(Some(&as_step(&frame)), expected.get(at));
                at += 1;
            }
        }
        prop_assert_eq!(at, expected.len());
        prop_assert!(reader.is_end_stream());
    }
}

#[derive(Default)]
struct Woken(Mutex<bool>);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap() = true;
    }
}

/// The reader before is woken and fails; what it has left is the next one's.
#[test]
fn a_reader_that_was_overtaken_fails() {
    let steps = [Step::Data(1), Step::Pending, Step::Data(2)];
    let recording = Recording::new(Told(steps.into()), 1000).unwrap();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut first = pin!(recording.reader());
    assert!(first.as_mut().poll_frame(&mut cx).is_ready());
    assert!(first.as_mut().poll_frame(&mut cx).is_pending());
    recording.rewind().unwrap();
    assert!(*woken.0.lock().unwrap());
    let mut second = pin!(recording.reader());
    for size in [1, 2] {
        let Poll::Ready(Some(Ok(frame))) = second.as_mut().poll_frame(&mut cx) else {
            panic!("it has no frame of {size}");
        };
        assert_eq!(as_step(&frame), Step::Data(size));
    }
    assert!(second.is_end_stream() && !first.is_end_stream());
    assert!(matches!(first.as_mut().poll_frame(&mut cx), Poll::Ready(Some(Err(_)))));
}

/// A frame that tells as long as somebody keeps it.
fn guarded(guard: &Arc<()>) -> Frame<Bytes> {
    struct Guarded(#[expect(dead_code, reason = "held")] Arc<()>);
    impl AsRef<[u8]> for Guarded {
        fn as_ref(&self) -> &[u8] {
            b"frame"
        }
    }
    Frame::data(Bytes::from_owner(Guarded(Arc::clone(guard))))
}

/// Once there is no other attempt, nothing is kept that was sent, nor what is sent from then on.
#[test]
fn what_nobody_needs_any_more_is_not_kept() {
    let guard = Arc::new(());
    let mut cx = Context::from_waker(Waker::noop());
    for replays in [0, 1] {
        let frames: Vec<_> = (0..3).map(|_| Ok::<_, String>(guarded(&guard))).collect();
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let Ok(recording) = Recording::new(body, 1000) else { panic!("it is small") };
        let mut reader = Box::pin(recording.reader());
        assert!(reader.as_mut().poll_frame(&mut cx).is_ready());
        assert_eq!(Arc::strong_count(&guard), 1 + 3, "it is kept");
        if replays == 1 {
            recording.rewind().unwrap();
            reader = Box::pin(recording.reader());
        }
        drop(recording);
        for left in (0..2 + replays).rev() {
            assert!(reader.as_mut().poll_frame(&mut cx).is_ready());
            assert_eq!(Arc::strong_count(&guard), 1 + left);
        }
    }
}

type Reader<B> = Pin<Box<ReplayBody<B>>>;

/// While it is read the next attempt begins, and asks for its first frame.
struct Interrupted {
    recording: Arc<OnceLock<Recording<Self>>>,
    next: Arc<Mutex<Option<Reader<Self>>>>,
    woken: Arc<Woken>,
    frames: Vec<Poll<u8>>,
    end: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Whole,
    Fails,
    Panics,
}

impl Body for Interrupted {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        if self.next.lock().unwrap().is_none() {
            let recording = self.recording.get().unwrap();
            recording.rewind().unwrap();
            let mut reader = Box::pin(recording.reader());
            let waker = Waker::from(Arc::clone(&self.woken));
            assert!(reader.as_mut().poll_frame(&mut Context::from_waker(&waker)).is_pending());
            *self.next.lock().unwrap() = Some(reader);
        }
        match self.frames.pop() {
            None => match self.end {
                Ending::Whole => Poll::Ready(None),
                Ending::Fails => Poll::Ready(Some(Err("cut off".to_owned()))),
                Ending::Panics => panic!("as it should"),
            },
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(size)) => Poll::Ready(Some(Ok(Frame::data(vec![size].into())))),
        }
    }
}

/// What the reader before is reading just then is not lost, and the next one is woken for it.
#[test]
fn a_reader_that_is_overtaken_while_it_reads_leaves_the_frame() {
    for first in [Poll::Ready(1), Poll::Pending] {
        let (recording, next) = (Arc::new(OnceLock::new()), Arc::new(Mutex::new(None)));
        let woken = Arc::new(Woken::default());
        let frames = match first {
            Poll::Ready(_) => vec![Poll::Ready(2), first],
            Poll::Pending => vec![Poll::Ready(2), Poll::Ready(1), first],
        };
        let body = Interrupted {
            recording: Arc::clone(&recording),
            next: Arc::clone(&next),
            woken: Arc::clone(&woken),
            frames,
            end: Ending::Whole,
        };
        let Ok(made) = Recording::new(body, 1000) else { panic!("it is small") };
        assert!(recording.set(made).is_ok());
        let mut cx = Context::from_waker(Waker::noop());
        let mut before = Box::pin(recording.get().unwrap().reader());
        let polled = before.as_mut().poll_frame(&mut cx);
        assert!(matches!(polled, Poll::Ready(Some(Err(_)))), "{first:?}");
        assert!(*woken.0.lock().unwrap(), "{first:?}");
        let mut reader = next.lock().unwrap().take().unwrap();
        next.lock().unwrap().replace(before);
        for expected in [1, 2] {
            let polled = reader.as_mut().poll_frame(&mut cx);
            let Poll::Ready(Some(Ok(frame))) = polled else { panic!("no frame {expected}") };
            assert_eq!(frame.into_data().unwrap(), vec![expected]);
        }
        assert!(matches!(reader.as_mut().poll_frame(&mut cx), Poll::Ready(None)));
    }
}

impl Interrupted {
    /// What the first attempt came to, which was overtaken while it read, and the body of the
    /// second.
    fn overtaken(frames: u8, end: Ending) -> (Option<Polled>, Reader<Self>, Arc<Woken>) {
        let (recording, next) = (Arc::new(OnceLock::new()), Arc::new(Mutex::new(None)));
        let woken = Arc::new(Woken::default());
        let body = Self {
            recording: Arc::clone(&recording),
            next: Arc::clone(&next),
            woken: Arc::clone(&woken),
            frames: (0..frames).map(Poll::Ready).collect(),
            end,
        };
        let Ok(made) = Recording::new(body, 1000) else { panic!("it is small") };
        assert!(recording.set(made).is_ok());
        let mut before = Box::pin(recording.get().unwrap().reader());
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            before.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()))
        }));
        let reader = next.lock().unwrap().take().unwrap();
        next.lock().unwrap().replace(before);
        (polled.ok(), reader, woken)
    }
}

/// Cut off while the reader before reads it, a body is not taken for a whole one: what was kept is
/// given, then the error, and until then the length is unknown.
#[test]
fn trap_a_body_that_fails_under_an_overtaken_reader_is_not_whole() {
    for (frames, end) in [(0, Ending::Fails), (0, Ending::Panics), (2, Ending::Fails)] {
        let (before, mut reader, woken) = Interrupted::overtaken(frames, end);
        let mut cx = Context::from_waker(Waker::noop());
        match before {
            Some(polled) => assert!(matches!(polled, Poll::Ready(Some(Err(_))))),
            None => assert_eq!(end, Ending::Panics),
        }
        assert!(*woken.0.lock().unwrap());
        for _ in 0..frames {
            assert!(!reader.is_end_stream() && reader.size_hint().exact().is_none());
            let polled = reader.as_mut().poll_frame(&mut cx);
            assert!(matches!(polled, Poll::Ready(Some(Ok(_)))));
        }
        assert!(!reader.is_end_stream() && reader.size_hint().exact().is_none());
        let polled = reader.as_mut().poll_frame(&mut cx);
        let Poll::Ready(Some(Err(error))) = polled else { panic!("{end:?}: it is a clean end") };
        assert_eq!(error.to_string().contains("panicked"), end == Ending::Panics);
        assert!(matches!(reader.as_mut().poll_frame(&mut cx), Poll::Ready(None)));
        assert!(reader.is_end_stream());
    }
}

/// The same where frames are on the tape already: they are a part of the body, not the whole.
#[test]
fn trap_what_was_kept_of_a_body_that_failed_is_not_its_whole() {
    let mut tape = Tape::new(Told([Step::Data(3), Step::Data(4)].into()), 1000);
    let Next::Read(mut rest) = tape.next() else { panic!("nobody reads") };
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(Ok(frame))) = rest.as_mut().poll_frame(&mut cx) else {
        panic!("no frame")
    };
    tape.record(&frame, 0);
    let hint = rest.size_hint();
    tape.put_back(Rest::Goes { on: rest, hint }, 0);
    let Next::Read(_rest) = tape.next() else { panic!("nobody reads") };
    tape.rewind().unwrap();
    assert_eq!(tape.size_hint().exact(), Some(7));
    tape.put_back(Rest::Failed(Some(ReplayError::body("cut off"))), 0);
    assert_eq!((tape.size_hint().lower(), tape.size_hint().exact()), (3, None));
    assert!(matches!(tape.next(), Next::Give(_)));
    assert!(!tape.is_end_stream());
    assert!(matches!(tape.next(), Next::Failed(_)));
    assert!(matches!(tape.next(), Next::Ended));
    assert_eq!(tape.rewind().err(), Some(GaveUp::BodyFailed));
}

/// Panics when it is read, and is said to have failed then.
#[test]
fn a_body_that_panics_has_failed() {
    struct Panics;
    impl Body for Panics {
        type Data = Bytes;
        type Error = String;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, String>>> {
            panic!("as it should");
        }
    }
    let Ok(recording) = Recording::new(Panics, 1000) else { panic!("it is small") };
    let mut reader = Box::pin(recording.reader());
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = reader.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
    }));
    assert!(polled.is_err() && !reader.is_end_stream());
    let polled = reader.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Some(Err(_)))), "it is no clean end");
    assert_eq!(recording.rewind(), Err(GaveUp::BodyFailed));
}

#[test]
fn of_an_empty_body_nothing_is_kept() {
    let counted = allocation_counter::measure(|| {
        let recording = Recording::new(Told(VecDeque::new()), 0).unwrap();
        let mut reader = pin!(recording.reader());
        assert!(reader.is_end_stream());
        assert_eq!(reader.size_hint().exact(), Some(0));
        let polled = reader.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(None)));
    });
    assert_eq!(counted.count_total, 0);
}
