use std::cell::{Cell, RefCell};
use std::fmt;

use super::names::Name;
use crate::{ErrorKind, Limits};

/// What all wrappers of one decoding share.
///
/// They hold it by reference and count depth by value, so that nothing has to be undone on the way
/// out. All but the names is touched only when something is wrong.
pub(super) struct Context<'l, 'de> {
    pub(super) limits: &'l Limits,
    pub(super) input: &'de [u8],
    /// The names of the objects that are being read, outer objects first. Each object knows where
    /// its own begin.
    pub(super) names: RefCell<Vec<Name<'de>>>,
    /// The name that was read last, if it is not one that could be borrowed.
    pub(super) last: RefCell<Option<Name<'de>>>,
    /// The depth of the object whose member was ignored last, or 0.
    pub(super) ignored: Cell<u8>,
    refusal: Cell<Option<Refusal>>,
    trace: RefCell<Vec<(u8, Step)>>,
}

/// What was refused by us and not by `serde_json`.
#[derive(Clone, Copy)]
pub(super) struct Refusal {
    pub(super) kind: ErrorKind,
    /// Where in the input, if `serde_json` cannot know.
    pub(super) at: Option<usize>,
}

/// One step of the way from the root to where an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into the element of this index.
    Element(usize),
    /// Into the member that is being read; its name is in the input.
    Member,
}

impl<'l, 'de> Context<'l, 'de> {
    pub(super) fn new(input: &'de [u8], limits: &'l Limits) -> Self {
        Self {
            limits,
            input,
            names: RefCell::default(),
            last: RefCell::default(),
            ignored: Cell::new(0),
            refusal: Cell::new(None),
            trace: RefCell::default(),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn refuse<E: serde::de::Error>(&self, kind: ErrorKind) -> E {
        if self.refusal.get().is_none() {
            self.refusal.set(Some(Refusal { kind, at: None }));
        }
        E::custom(Words(kind))
    }

    /// The same for a part of the input that is read on its own, in which something else may be
    /// wrong as well: a value that is skipped may be malformed.
    #[cold]
    pub(super) fn refuse_at<E: serde::de::Error>(&self, at: usize, kind: ErrorKind) -> E {
        let kind = self.refusal.get().map_or(kind, |refusal| refusal.kind);
        self.refusal.set(Some(Refusal { kind, at: Some(at) }));
        E::custom(Words(kind))
    }

    /// Refuses what is no UTF-8: `serde_json` reads half a pair of surrogates into bytes.
    #[inline]
    pub(super) fn check_text<E: serde::de::Error>(&self, text: &[u8]) -> Result<(), E> {
        str::from_utf8(text).map(drop).map_err(|_| self.refuse(ErrorKind::Syntax))
    }

    /// Where a part of the input begins.
    pub(super) fn offset_of(&self, part: &str) -> usize {
        part.as_ptr().addr().wrapping_sub(self.input.as_ptr().addr())
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refusal.get()
    }

    /// An error comes out of a step of the container at this depth.
    #[cold]
    #[inline(never)]
    pub(super) fn came_through(&self, depth: u8, step: Step) {
        let mut trace = self.trace.borrow_mut();
        // An error that somebody swallowed left its trace behind.
        if trace.last().is_some_and(|(inner, _)| *inner != depth + 1) {
            trace.clear();
        }
        trace.push((depth, step));
    }

    /// The way from the root to the error.
    pub(super) fn steps(self) -> Vec<Step> {
        let trace = self.trace.into_inner();
        let reaches_root = trace.last().is_some_and(|(depth, _)| *depth == 1);
        let steps = trace.into_iter().rev().map(|(_, step)| step);
        if reaches_root { steps.collect() } else { Vec::new() }
    }
}

/// What the log reads of a refusal of ours.
struct Words(ErrorKind);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.words())
    }
}
