use std::error::Error;
use std::fmt;

use http::StatusCode;

use crate::DecodeError;

/// Why a request has no [`Json`](super::Json).
///
/// As a response it says nothing but what is declared public: the status, the sentence, and the
/// pointer of what is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum JsonRejection {
    /// The body does not say that it is JSON, or is compressed.
    UnsupportedMediaType,
    /// The body has no such value.
    Decode(DecodeError),
}

impl JsonRejection {
    /// What the client reads where it is about the media type.
    pub(super) const MEDIA_TYPE: &str = "The body must be application/json, and not be compressed.";

    /// The HTTP status: 415, or that of the [kind](crate::ErrorKind::status).
    ///
    /// ```
    /// use mainstay_json::JsonRejection;
    ///
    /// assert_eq!(JsonRejection::UnsupportedMediaType.status(), 415);
    /// ```
    pub fn status(&self) -> StatusCode {
        match self {
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Decode(error) => error.kind().status(),
        }
    }
}

impl JsonRejection {
    /// The sentence that the client is told, for who writes a response of another form.
    ///
    /// ```
    /// use mainstay_json::Json;
    ///
    /// let rejection = Json::<u8>::from_bytes(b"[]").unwrap_err();
    /// assert_eq!(rejection.body_text(), "This value is not what is expected here.");
    /// ```
    pub fn body_text(&self) -> String {
        match self {
            Self::UnsupportedMediaType => Self::MEDIA_TYPE.to_owned(),
            Self::Decode(error) => error.public().into_owned(),
        }
    }
}

impl From<DecodeError> for JsonRejection {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl fmt::Display for JsonRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedMediaType => f.write_str("media type is not JSON"),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl Error for JsonRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::UnsupportedMediaType => None,
            // Its text is this one's text.
            Self::Decode(error) => error.source(),
        }
    }
}
