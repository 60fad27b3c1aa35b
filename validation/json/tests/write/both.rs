//! A value as `serde_json` writes it, and as we do.

use std::error::Error;

use mainstay_json::{append_to, to_sensitive_body};
use serde::Serialize;

/// What comes of a value, or why nothing does.
pub(crate) type Written = Result<Vec<u8>, String>;

pub(crate) fn by_serde_json<T: Serialize + ?Sized>(value: &T) -> Written {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

/// Both ways to append, which must agree: to a `Vec`, and to what is erased.
pub(crate) fn by_us<T: Serialize + ?Sized>(value: &T) -> Written {
    let mut buffer = b"before ".to_vec();
    let appended = append_to(&mut buffer, value);
    let erased = to_sensitive_body(value);
    match (appended, erased) {
        (Ok(()), Ok(body)) => {
            let written = buffer.strip_prefix(b"before ").expect("what was there is there");
            assert_eq!(*body, *written);
            Ok(written.to_vec())
        }
        (Err(error), Err(other)) => {
            assert_eq!(buffer, b"before ", "nothing is appended where it fails");
            let cause = error.source().expect("it has a cause").to_string();
            assert_eq!(other.source().map(ToString::to_string), Some(cause.clone()));
            Err(cause)
        }
        (appended, erased) => panic!("one of both failed: {appended:?}, {erased:?}"),
    }
}
