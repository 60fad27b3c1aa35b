/// The deepest nesting that `serde_json` reads: containers in containers.
const DEEPEST: u8 = 127;

/// How much JSON is read from somebody who is not trusted: one object for all that a decoder can
/// be made to do.
///
/// A limit is the largest value that passes. Zero is no special case: `array(0)` lets the empty
/// array pass and no other. A limit that is not wanted is `usize::MAX`.
///
/// Limits hold wherever the JSON goes: in fields of a struct, in a `serde_json::Value`, in members
/// that nobody asked for, within a `RawValue`.
///
/// ```
/// use mainstay_json::{ErrorKind, Limits, from_slice};
///
/// const LIMITS: Limits = Limits::new().body(64 * 1024).depth(8).array(100);
///
/// let error = from_slice::<serde_json::Value>(b"[[1], [[]]]", &LIMITS.depth(2)).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::TooDeep);
/// assert_eq!(error.pointer(), "/1/0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The default if there is none: who has a limit of its own, as axum, need not take that.
    body: Option<usize>,
    depth: u8,
    string: usize,
    array: usize,
    members: usize,
}

impl Limits {
    /// The defaults, each of which is told at its setter.
    pub const fn new() -> Self {
        Self { body: None, depth: DEEPEST, string: usize::MAX, array: 100_000, members: 10_000 }
    }

    /// How many bytes a body has at most. Default 2 MiB, as axum's.
    #[must_use]
    pub const fn body(mut self, bytes: usize) -> Self {
        self.body = Some(bytes);
        self
    }

    /// How many arrays and objects are in one another at most: `0` is a lone number, string,
    /// boolean or null, `[]` has a depth of 1. Default 127, which is also the most that can be
    /// had: more is taken for 127, as the stack of a thread is what it costs.
    #[must_use]
    pub const fn depth(mut self, containers: u8) -> Self {
        self.depth = if containers < DEEPEST { containers } else { DEEPEST };
        self
    }

    /// How many bytes of UTF-8 a string has at most once its escapes are resolved, names of members
    /// included. Default `usize::MAX`: a string takes no more memory than its body, which has a
    /// limit.
    #[must_use]
    pub const fn string(mut self, bytes: usize) -> Self {
        self.string = bytes;
        self
    }

    /// How many elements an array has at most. Default 100 000, as what two bytes become in memory
    /// (`0,` a `serde_json::Value`) may be twenty times as large.
    #[must_use]
    pub const fn array(mut self, elements: usize) -> Self {
        self.array = elements;
        self
    }

    /// How many members an object has at most. Default 10 000, for the same reason.
    #[must_use]
    pub const fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    pub(crate) const fn most_bytes(&self) -> usize {
        match self.body {
            Some(bytes) => bytes,
            None => 2 * 1024 * 1024,
        }
    }

    /// Whether somebody has said how many bytes a body has.
    #[cfg(feature = "axum")]
    pub(crate) const fn is_body_said(&self) -> bool {
        self.body.is_some()
    }

    pub(crate) const fn deepest(&self) -> u8 {
        self.depth
    }

    pub(crate) const fn longest_string(&self) -> usize {
        self.string
    }

    pub(crate) const fn longest_array(&self) -> usize {
        self.array
    }

    pub(crate) const fn most_members(&self) -> usize {
        self.members
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
