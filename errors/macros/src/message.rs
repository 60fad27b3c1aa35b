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

    pub(crate) fn holes(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Hole { field, .. } => Some(field.as_str()),
        })
    }

    /// The format string, in which each hole has the name of the argument for its field.
    pub(crate) fn format_string(&self, argument: impl Fn(&str) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.replace('{', "{{").replace('}', "}}"),
            Part::Hole { field, spec } => format!("{{{}{spec}}}", argument(field)),
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
    Ok((Part::Hole { field: field.to_owned(), spec: spec.to_owned() }, after))
}
