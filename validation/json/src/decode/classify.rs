//! What `serde_json` reports, as an error of ours.

use std::str::Utf8Error;

use serde::Deserialize;
use serde_json::error::Category;

use super::context::Context;
use super::deserializer::Deserializer;
use super::error::{DecodeError, ErrorKind};
use super::excerpt::Excerpt;
use super::missing;
use super::place;
use super::walk::Walk;

/// The error with its place. Only now is looked for the place: what is fine pays nothing for it.
#[cold]
#[inline(never)]
pub(super) fn located(error: serde_json::Error, context: Context<'_, '_>) -> DecodeError {
    let kind = context.refusal().map_or_else(|| kind(&error), |refusal| refusal.kind);
    if kind != ErrorKind::Syntax || context.refusal().is_some() {
        return of_kind(kind, error, context);
    }
    let whole = Context::new(context.input, context.limits);
    match read_whole(&whole) {
        Ok(()) => of_kind(ErrorKind::Data, error, context),
        Err(error) => {
            let kind = whole.refusal().map_or_else(|| self::kind(&error), |refusal| refusal.kind);
            of_kind(kind, error, whole)
        }
    }
}

/// Whether the input is JSON within the limits, whatever was expected of it. `serde_json` reports
/// some of what is well formed and of another type as malformed: an enum that is a number, a name
/// that is no number, an array with too many elements.
fn read_whole(context: &Context<'_, '_>) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_slice(context.input);
    let Walk = Walk::deserialize(Deserializer { inner: &mut json, context, depth: 0 })?;
    json.end()
}

fn of_kind(kind: ErrorKind, error: serde_json::Error, context: Context<'_, '_>) -> DecodeError {
    let (input, refusal) = (context.input, context.refusal());
    let known = refusal.and_then(|refusal| refusal.at);
    // An error that was made while nothing was being read has no line.
    let offset = known.unwrap_or_else(|| match error.line() {
        0 => input.trim_ascii_end().len(),
        line => place::offset(input, line, error.column()),
    });
    let pointer = place::pointer(input, offset, &context.steps());
    let source = Excerpt::bounded(error);
    DecodeError::at(kind, place::line_and_column(input, offset), pointer, source)
}

#[cold]
pub(super) fn not_utf8(input: &[u8], error: Utf8Error) -> DecodeError {
    let offset = error.valid_up_to();
    let pointer = place::innermost(input, offset);
    let ends = error.error_len().is_none();
    let kind = if ends { ErrorKind::UnexpectedEnd } else { ErrorKind::Syntax };
    DecodeError::at(kind, place::line_and_column(input, offset), pointer, error)
}

pub(super) fn kind(error: &serde_json::Error) -> ErrorKind {
    match error.classify() {
        Category::Eof => ErrorKind::UnexpectedEnd,
        Category::Data => kind_of_data(&Excerpt::of(error)),
        Category::Syntax if Excerpt::of(error).text().starts_with("recursion limit exceeded") => {
            ErrorKind::TooDeep
        }
        Category::Syntax | Category::Io => ErrorKind::Syntax,
    }
}

/// Serde has these three only as text. The words have been the same since its first version, and
/// tests pin them.
fn kind_of_data(words: &Excerpt) -> ErrorKind {
    let is = |begin, end: fn(&str) -> bool| {
        let name = words.text().strip_prefix(begin);
        // A name may be so long that its end was left out.
        name.is_some_and(|name| name.split_once('`').map_or(words.is_cut(), |(_, rest)| end(rest)))
    };
    if is("duplicate field `", missing::is_place) {
        ErrorKind::DuplicateKey
    } else if is("missing field `", missing::is_place) {
        ErrorKind::MissingField
    } else if is("unknown field `", |rest| {
        rest.starts_with(", expected ") || rest.starts_with(", there are no ")
    }) {
        ErrorKind::UnknownField
    } else {
        ErrorKind::Data
    }
}
