use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write};

use http::StatusCode;

use super::missing;
use crate::errors::Shown;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why there is no value: of what kind, and where.
///
/// What may be told to a client is the [kind](Self::kind), the place, and
/// [`public`](Self::public). `Display` is kind and place, without anything of the input but the
/// names in the pointer, whose control characters are escaped. The [source](StdError::source) is
/// `serde_json`'s error or the body's, and for the log only: it may quote what was sent, and names
/// types of the program. Of an error that has more than 1 KiB to say, that much is kept.
///
/// ```
/// use mainstay_json::{ErrorKind, Limits, from_slice};
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize)]
/// struct Login {
///     password: u32,
/// }
///
/// let error = from_slice::<Vec<Login>>(br#"[{"password":"hunter2"}]"#, &Limits::new()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Data);
/// assert_eq!((error.line(), error.column()), (1, 22));
/// assert_eq!(error.pointer(), "/0/password");
/// assert_eq!(error.to_string(), "JSON has an unexpected value at /0/password, line 1 column 22");
/// ```
#[derive(Debug)]
pub struct DecodeError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    line: usize,
    column: usize,
    pointer: String,
    source: Option<BoxError>,
    #[cfg_attr(not(feature = "errors"), expect(dead_code, reason = "it is for faults"))]
    shown: Shown,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The body has more bytes than [`Limits::body`](crate::Limits::body) allows.
    BodyTooLarge,
    /// More containers are in one another than [`Limits::depth`](crate::Limits::depth) allows.
    TooDeep,
    /// A string or a name is longer than [`Limits::string`](crate::Limits::string) allows.
    StringTooLong,
    /// An array has more elements than [`Limits::array`](crate::Limits::array) allows.
    ArrayTooLong,
    /// An object has more members than [`Limits::members`](crate::Limits::members) allows.
    TooManyMembers,
    /// Not JSON.
    Syntax,
    /// The input ends before the value does.
    UnexpectedEnd,
    /// A name comes twice in one object.
    DuplicateKey,
    /// A field that has to be there is not. The pointer is that of the object.
    MissingField,
    /// A field that is not known, where only known ones are accepted. The pointer is its own.
    UnknownField,
    /// A value of another type than expected, or one that is not accepted.
    Data,
    /// The body could not be read to its end; its error is the source.
    Body,
}

impl ErrorKind {
    /// Whether it is one of the limits.
    ///
    /// ```
    /// use mainstay_json::ErrorKind;
    ///
    /// assert!(ErrorKind::TooDeep.is_limit());
    /// assert!(!ErrorKind::Syntax.is_limit());
    /// ```
    pub const fn is_limit(self) -> bool {
        matches!(
            self,
            Self::BodyTooLarge
                | Self::TooDeep
                | Self::StringTooLong
                | Self::ArrayTooLong
                | Self::TooManyMembers
        )
    }

    /// The HTTP status that goes with it: 413 for limits, 400 for what is no JSON or did not
    /// arrive, 422 for JSON of which something else is expected.
    ///
    /// ```
    /// use mainstay_json::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::BodyTooLarge.status(), 413);
    /// assert_eq!(ErrorKind::UnexpectedEnd.status(), 400);
    /// assert_eq!(ErrorKind::MissingField.status(), 422);
    /// ```
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Syntax | Self::UnexpectedEnd | Self::Body => StatusCode::BAD_REQUEST,
            Self::DuplicateKey | Self::MissingField | Self::UnknownField | Self::Data => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            _ => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// What the log reads.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "body is too large",
            Self::TooDeep => "JSON is nested too deep",
            Self::StringTooLong => "JSON has a string that is too long",
            Self::ArrayTooLong => "JSON has an array that is too long",
            Self::TooManyMembers => "JSON has an object with too many members",
            Self::Syntax => "malformed JSON",
            Self::UnexpectedEnd => "JSON ends too early",
            Self::DuplicateKey => "JSON has a name twice",
            Self::MissingField => "JSON lacks a field",
            Self::UnknownField => "JSON has an unknown field",
            Self::Data => "JSON has an unexpected value",
            Self::Body => "body could not be read",
        }
    }

    /// What the client reads.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "The body is larger than what is accepted.",
            Self::TooDeep => "This is nested deeper than what is accepted.",
            Self::StringTooLong => "This string is longer than what is accepted.",
            Self::ArrayTooLong => "This array is longer than what is accepted.",
            Self::TooManyMembers => "This object has more members than what is accepted.",
            Self::Syntax => "The body is malformed JSON.",
            Self::UnexpectedEnd => "The body ends before its JSON does.",
            Self::DuplicateKey => "This name is in its object twice.",
            Self::MissingField => "A field is missing here.",
            Self::UnknownField => "This field is not known.",
            Self::Data => "This value is not what is expected here.",
            Self::Body => "The body could not be read to its end.",
        }
    }
}

impl DecodeError {
    pub(super) fn at(
        kind: ErrorKind,
        (line, column): (usize, usize),
        pointer: String,
        source: impl Into<BoxError>,
    ) -> Self {
        let (source, shown) = (Some(source.into()), Shown::default());
        Self(Box::new(Inner { kind, line, column, pointer, source, shown }))
    }

    #[cold]
    pub(super) fn too_large() -> Self {
        Self::of_body(ErrorKind::BodyTooLarge, None)
    }

    #[cold]
    pub(super) fn body(source: BoxError) -> Self {
        Self::of_body(ErrorKind::Body, Some(source))
    }

    /// The same as one of a limit, which somebody else has kept.
    #[cfg(feature = "axum")]
    pub(crate) fn into_too_large(mut self) -> Self {
        self.0.kind = ErrorKind::BodyTooLarge;
        self
    }

    #[cfg(feature = "errors")]
    pub(crate) fn shown(&self) -> &Shown {
        &self.0.shown
    }

    fn of_body(kind: ErrorKind, source: Option<BoxError>) -> Self {
        let (pointer, shown) = (String::new(), Shown::default());
        Self(Box::new(Inner { kind, line: 0, column: 0, pointer, source, shown }))
    }

    /// What is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The line where reading stopped, from 1, or 0 where it is about the body as a whole.
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// The column where reading stopped: how many bytes of the line were read, as `serde_json`
    /// counts.
    pub fn column(&self) -> usize {
        self.0.column
    }

    /// The JSON Pointer (RFC 6901) of the value that is wrong, empty for the whole: `/lines/0/sku`,
    /// with `~0` for `~` and `~1` for `/`.
    ///
    /// It is as exact as the type's own reading. Where serde first keeps a value and reads it
    /// later (`flatten`, `untagged`, enums with a `tag`), it is the pointer of the value that was
    /// kept. It has at most 1024 bytes, and ends early rather than to be longer.
    pub fn pointer(&self) -> &str {
        &self.0.pointer
    }

    /// A sentence that may be told to a client. It has nothing of the input in it, and of the
    /// program only the name of a field that is missing, as the type declares it.
    ///
    /// Serde reports such a field in words alone. An error of the program's own (`try_from`, a
    /// `Deserialize` by hand) that says just the same is taken for it: one whose text is
    /// ``missing field `…` `` must not quote the input between the quotes.
    ///
    /// ```
    /// use mainstay_json::{Limits, from_slice};
    /// use serde::Deserialize;
    ///
    /// #[derive(Debug, Deserialize)]
    /// struct Line {
    ///     sku: String,
    /// }
    ///
    /// let error = from_slice::<Vec<Line>>(b"[{}]", &Limits::new()).unwrap_err();
    /// assert_eq!((error.pointer(), &*error.public()), ("/0", "The field sku is missing here."));
    /// ```
    pub fn public(&self) -> Cow<'static, str> {
        let name = (self.kind() == ErrorKind::MissingField).then(|| self.missing()).flatten();
        match name {
            Some(name) => Cow::Owned(format!("The field {name} is missing here.")),
            None => Cow::Borrowed(self.kind().sentence()),
        }
    }

    fn missing(&self) -> Option<String> {
        let source = self.0.source.as_deref()?.to_string();
        missing::name(&source).map(str::to_owned)
    }

    /// The body's error, if it is one of this type: where [`ErrorKind::Body`] came from.
    pub fn body_error<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.source.as_deref()?.downcast_ref()
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().words())?;
        if self.line() == 0 {
            return Ok(());
        }
        if !self.pointer().is_empty() {
            f.write_str(" at ")?;
            self.pointer().chars().try_for_each(|letter| write_visible(letter, f))?;
        }
        write!(f, ", line {} column {}", self.line(), self.column())
    }
}

/// A name in a pointer is of the client's making: it must not end the line of a log, or begin a
/// sequence that a terminal obeys.
fn write_visible(letter: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let obeyed = matches!(letter,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if letter.is_control() || obeyed {
        return write!(f, "{}", letter.escape_default());
    }
    f.write_char(letter)
}

impl StdError for DecodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
