//! The public message: a format string whose holes are public fields.

use proc_macro2::Span;
use syn::{Error, LitStr, Result};

/// A message, and the holes in it.
pub(crate) struct Message {
    pub(crate) literal: LitStr,
    pub(crate) parts: Vec<Part>,
}

pub(crate) enum Part {
    /// Text without holes, braces no longer doubled.
    Text(String),
    /// The name of a field, or its number in a tuple, and the format spec with its colon.
    Hole { field: String, spec: String },
}

impl Message {
    pub(crate) fn read(literal: &LitStr) -> Result<Self> {
        let text = literal.value();
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
                plain.extend(brace.chars().take(1));
                rest = after;
                continue;
            }
            let (hole, after) = hole(brace, literal.span())?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(hole);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        if parts.is_empty() {
            return Err(Error::new(
                literal.span(),
                "a client is told something: the message is empty",
            ));
        }
        Ok(Self { literal: literal.clone(), parts })
    }

    /// Each hole's field and format spec.
    pub(crate) fn holes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Hole { field, spec } => Some((field.as_str(), spec.as_str())),
        })
    }

    /// The format string, in which the holes have no names: their arguments are in their order.
    pub(crate) fn format_string(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.replace('{', "{{").replace('}', "}}"),
            Part::Hole { spec, .. } => format!("{{{spec}}}"),
        };
        self.parts.iter().map(part).collect()
    }
}

fn hole(text: &str, span: Span) -> Result<(Part, &str)> {
    let inside = text.strip_prefix('{').and_then(|text| text.split_once('}'));
    let Some((inside, after)) = inside else {
        return Err(Error::new(span, "unmatched brace in the message; write `{{` or `}}` for one"));
    };
    let colon = inside.find(':').unwrap_or(inside.len());
    let (field, spec) = inside.split_at(colon);
    let is_name = !field.is_empty() && field.chars().all(|c| c == '_' || c.is_alphanumeric());
    if !is_name {
        return Err(Error::new(span, format!("`{{{inside}}}` does not name a field")));
    }
    if spec.ends_with('?') {
        let text = "a hole shows what the metadata shows: `Display`, not `Debug`";
        return Err(Error::new(span, text));
    }
    if !is_spec(spec.strip_prefix(':').unwrap_or(spec)) {
        let text = format!("a field cannot be shown as `{spec}`, but as `:>8`, `:.2` or `:x`");
        return Err(Error::new(span, text));
    }
    Ok((Part::Hole { field: field.to_owned(), spec: spec.to_owned() }, after))
}

/// Whether it is a format spec (`std::fmt`, "Syntax") without width and precision from other
/// arguments, which a message has not, without `?`, for `Debug` is for the log, and without `p`,
/// for an address is nothing to a client.
fn is_spec(spec: &str) -> bool {
    const TYPES: [&str; 7] = ["", "o", "x", "X", "b", "e", "E"];
    let is_align = |c: char| matches!(c, '<' | '^' | '>');
    let mut after_fill = spec.chars();
    after_fill.next();
    let rest = if after_fill.as_str().starts_with(is_align) { after_fill.as_str() } else { spec };
    let rest = rest.strip_prefix(is_align).unwrap_or(rest);
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let rest = rest.strip_prefix('#').unwrap_or(rest);
    let rest = without_digits(rest);
    let precision =
        rest.strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    TYPES.contains(&precision.map_or(rest, without_digits))
}

fn without_digits(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_digit())
}
