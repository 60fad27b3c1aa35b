use std::borrow::Cow;
use std::fmt::{self, Write};

use super::{LocalizedMessage, Text};

/// A part of the request that is wrong (`google.rpc.BadRequest.FieldViolation`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldViolation {
    /// Where the field is.
    pub location: Location,
    /// In a body the JSON Pointer of the field (RFC 6901), as `/lines/0/sku` and empty for the
    /// whole; elsewhere the name of the parameter.
    pub path: Text,
    /// What is wrong in a word, `UPPER_SNAKE`, for programs.
    pub reason: Text,
    /// What is wrong in a sentence, for people.
    pub detail: Text,
    /// The sentence in the user's language.
    pub localized: Option<LocalizedMessage>,
}

/// The part of a request that a field is in: the problem's `in`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// In the body.
    #[default]
    Body,
    /// In the query string.
    Query,
    /// In the path.
    Path,
    /// In a header.
    Header,
}

impl Location {
    /// The word for it in a problem document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Location::Body => "body",
            Location::Query => "query",
            Location::Path => "path",
            Location::Header => "header",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Location::Body, Location::Query, Location::Path, Location::Header]
            .into_iter()
            .find(|location| location.as_str() == name)
    }
}

impl FieldViolation {
    /// A wrong field in a body, by its JSON Pointer.
    pub fn body(
        pointer: impl Into<Text>,
        reason: impl Into<Text>,
        detail: impl Into<Text>,
    ) -> Self {
        Self::new(Location::Body, pointer, reason, detail)
    }

    /// A wrong query parameter.
    pub fn query(name: impl Into<Text>, reason: impl Into<Text>, detail: impl Into<Text>) -> Self {
        Self::new(Location::Query, name, reason, detail)
    }

    /// A wrong part of the path.
    pub fn path(name: impl Into<Text>, reason: impl Into<Text>, detail: impl Into<Text>) -> Self {
        Self::new(Location::Path, name, reason, detail)
    }

    /// A wrong header.
    pub fn header(name: impl Into<Text>, reason: impl Into<Text>, detail: impl Into<Text>) -> Self {
        Self::new(Location::Header, name, reason, detail)
    }

    fn new(
        location: Location,
        path: impl Into<Text>,
        reason: impl Into<Text>,
        detail: impl Into<Text>,
    ) -> Self {
        Self {
            location,
            path: path.into(),
            reason: reason.into(),
            detail: detail.into(),
            localized: None,
        }
    }

    /// The field as gRPC writes it: `lines[0].sku` for `/lines/0/sku`; a name as it is.
    pub(crate) fn grpc_field(&self) -> impl fmt::Display + '_ {
        GrpcField(self)
    }
}

struct GrpcField<'a>(&'a FieldViolation);

impl fmt::Display for GrpcField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.0.path;
        if self.0.location != Location::Body || !path.starts_with('/') {
            return f.write_str(path);
        }
        for (at, token) in path.split('/').skip(1).enumerate() {
            if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
                write!(f, "[{token}]")?;
                continue;
            }
            if at > 0 {
                f.write_char('.')?;
            }
            f.write_str(&unescape(token))?;
        }
        Ok(())
    }
}

/// A JSON Pointer for a gRPC field path: the inverse of [`GrpcField`] where one exists.
pub(crate) fn pointer_from_grpc_field(field: &str) -> String {
    let mut pointer = String::with_capacity(field.len() + 1);
    for token in field.split(['.', '[', ']']).filter(|token| !token.is_empty()) {
        pointer.push('/');
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

/// A reference token as the member name it stands for (RFC 6901, section 4).
fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_and_field_paths() {
        for (pointer, field) in [
            ("/lines/0/sku", "lines[0].sku"),
            ("/customer_email", "customer_email"),
            ("/a~1b/c~0d", "a/b.c~d"),
            ("/0/x", "[0].x"),
            ("/matrix/1/2", "matrix[1][2]"),
            ("", ""),
        ] {
            let violation = FieldViolation::body(pointer, "X", "x");
            assert_eq!(violation.grpc_field().to_string(), field);
            assert_eq!(pointer_from_grpc_field(field), pointer);
        }
    }

    #[test]
    fn a_parameter_is_called_by_its_name() {
        let violation = FieldViolation::header("x-api-key", "X", "x");
        assert_eq!(violation.grpc_field().to_string(), "x-api-key");
    }
}
