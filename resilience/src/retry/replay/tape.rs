use std::pin::Pin;
use std::task::Waker;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::ReplayError;
use crate::retry::GaveUp;

/// What a frame counts for at the least, so that many small ones cannot take more than the cap.
const LEAST: usize = 64;
/// What a trailer counts for beside its name and value.
const TRAILER: usize = 32;

/// What was read of a body, and what is still to be read.
///
/// One reader at a time has the say: it is given what is on the tape, and then reads on. A reader
/// of an attempt that is over finds that its number is an old one.
pub(super) struct Tape<B> {
    cap: usize,
    /// The number of the reader that has the say.
    pub(super) reader: u32,
    /// How many frames it was given, trailers included.
    given: usize,
    frames: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    charged: usize,
    /// Whether what is read is kept for another attempt.
    keeps: bool,
    /// Nothing while somebody reads it, and after its end.
    rest: Option<Pin<Box<B>>>,
    /// Of the rest, when it was last seen.
    hint: SizeHint,
    end: Option<End>,
    /// Of the reader that waits.
    waiting: Option<Waker>,
}

enum End {
    Whole,
    /// With the error, until a reader has had it.
    Failed(Option<ReplayError>),
}

/// What a reader has to do for its next frame.
pub(super) enum Next<B> {
    Give(Frame<Bytes>),
    Read(Pin<Box<B>>),
    Ended,
    /// It must not take this for the end: what it was given is not the whole.
    Failed(ReplayError),
    /// Somebody else is reading.
    Wait,
}

/// What is left of the body after a frame was read.
pub(super) enum Rest<B> {
    Goes {
        on: Pin<Box<B>>,
        hint: SizeHint,
    },
    Ended,
    /// With the error, if the reader that has the say has not had it.
    Failed(Option<ReplayError>),
}

impl<B: Body> Tape<B> {
    pub(super) fn new(body: B, cap: usize) -> Self {
        Self {
            cap,
            reader: 0,
            given: 0,
            frames: Vec::new(),
            trailers: None,
            charged: 0,
            keeps: true,
            hint: body.size_hint(),
            // In a box, as it moves from one reader to the next, and may be one that must not move.
            rest: Some(Box::pin(body)),
            end: None,
            waiting: None,
        }
    }

    pub(super) fn next(&mut self) -> Next<B> {
        if let Some(data) = self.frames.get(self.given) {
            let frame = Frame::data(data.clone());
            self.give();
            return Next::Give(frame);
        }
        if let Some(trailers) = self.trailers.as_ref().filter(|_| self.given == self.frames.len()) {
            let frame = Frame::trailers(trailers.clone());
            self.give();
            return Next::Give(frame);
        }
        match (&mut self.end, self.rest.take()) {
            (Some(End::Failed(error)), _) => error.take().map_or(Next::Ended, Next::Failed),
            (Some(End::Whole), _) => Next::Ended,
            (None, Some(rest)) => Next::Read(rest),
            (None, None) => Next::Wait,
        }
    }

    /// The rest comes back from whoever has read in it. A reader that waits for that is returned.
    pub(super) fn put_back(&mut self, rest: Rest<B>, by: u32) -> Option<Waker> {
        (self.rest, self.hint, self.end) = match rest {
            Rest::Goes { on, hint } => (Some(on), hint, None),
            Rest::Ended => (None, SizeHint::with_exact(0), Some(End::Whole)),
            // Nobody knows how much it would have been.
            Rest::Failed(error) => (None, SizeHint::default(), Some(End::Failed(error))),
        };
        if by == self.reader { None } else { self.waiting.take() }
    }

    /// This frame was read, by a reader that had the say or by one that has lost it meanwhile: then
    /// the next one finds it on the tape.
    pub(super) fn record(&mut self, frame: &Frame<Bytes>, by: u32) {
        let current = by == self.reader;
        self.charged = self.charged.saturating_add(charge(frame));
        if current && self.charged > self.cap {
            self.keeps = false;
        }
        if current && !self.keeps {
            self.clear();
            return;
        }
        if let Some(data) = frame.data_ref() {
            self.frames.push(data.clone());
        } else if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
        }
        self.given += usize::from(current);
    }

    /// A reader is told when there is something to read, and when another takes its place.
    pub(super) fn wait(&mut self, waker: &Waker) {
        match &mut self.waiting {
            Some(waiting) => waiting.clone_from(waker),
            None => self.waiting = Some(waker.clone()),
        }
    }

    /// The next reader begins at the start, and the one before is to be told.
    pub(super) fn rewind(&mut self) -> Result<Option<Waker>, GaveUp> {
        if !self.keeps {
            return Err(GaveUp::BodyTooLarge);
        }
        if matches!(self.end, Some(End::Failed(_))) {
            return Err(GaveUp::BodyFailed);
        }
        self.reader = self.reader.wrapping_add(1);
        self.given = 0;
        Ok(self.waiting.take())
    }

    /// There will be no other reader.
    pub(super) fn keep_no_more(&mut self) {
        self.keeps = false;
        if self.is_given() {
            self.clear();
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.is_given() && matches!(self.end, Some(End::Whole | End::Failed(None)))
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let left = self.frames.iter().skip(self.given).map(|it| it.len() as u64).sum::<u64>();
        let mut hint = SizeHint::new();
        if let Some(upper) = self.hint.upper() {
            hint.set_upper(upper.saturating_add(left));
        }
        hint.set_lower(self.hint.lower().saturating_add(left));
        hint
    }

    fn is_given(&self) -> bool {
        self.given >= self.frames.len() + usize::from(self.trailers.is_some())
    }

    fn give(&mut self) {
        self.given += 1;
        if !self.keeps && self.is_given() {
            self.clear();
        }
    }

    fn clear(&mut self) {
        self.frames = Vec::new();
        self.trailers = None;
        self.given = 0;
    }
}

fn charge(frame: &Frame<Bytes>) -> usize {
    let data = frame.data_ref().map_or(0, Bytes::len);
    let trailers = frame.trailers_ref().into_iter().flatten();
    let trailers = trailers.map(|(name, value)| name.as_str().len() + value.len() + TRAILER);
    trailers.fold(data, usize::saturating_add).max(LEAST)
}
