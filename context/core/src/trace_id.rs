use std::fmt;

/// The trace that a request belongs to (W3C Trace Context), 128 bits that are never all zero.
///
/// ```
/// use mainstay_core::TraceId;
///
/// let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let id = TraceId::from_traceparent(header).expect("a valid traceparent");
/// assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 32]);

/// The length of a `traceparent` of version 00.
const LEN: usize = 55;

impl TraceId {
    /// Reads the id from a `traceparent` header (Trace Context, section 3.2).
    ///
    /// Strict where the specification is: lowercase hex only, no version `ff`, no all-zero ids,
    /// exactly 55 bytes for version 00. A higher version may go on after a dash.
    pub fn from_traceparent(value: &[u8]) -> Option<Self> {
        let (known, rest) = value.split_at_checked(LEN)?;
        let (version, known) = hex_field::<2>(known)?;
        let (trace_id, known) = hex_field::<32>(known.strip_prefix(b"-")?)?;
        let (parent_id, known) = hex_field::<16>(known.strip_prefix(b"-")?)?;
        hex_field::<2>(known.strip_prefix(b"-")?)?;
        let length_fits = rest.is_empty() || (version != *b"00" && rest.starts_with(b"-"));
        let ids_set = trace_id != [b'0'; 32] && parent_id != [b'0'; 16];
        (length_fits && ids_set && version != *b"ff").then_some(Self(trace_id))
    }

    /// The id as 32 lowercase hex digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

/// The first `N` bytes if they are lowercase hex, and what follows them.
fn hex_field<const N: usize>(text: &[u8]) -> Option<([u8; N], &[u8])> {
    let (field, rest) = text.split_first_chunk::<N>()?;
    let hex = field.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex.then_some((*field, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn valid_forms() {
        for text in [
            VALID.to_owned(),
            VALID.replace("00-4", "01-4"),
            VALID.replace("00-4", "cc-4") + "-what-the-future-will-be-like",
            VALID.replace("-01", "-ff"),
        ] {
            let id = TraceId::from_traceparent(text.as_bytes()).map(|id| id.to_string());
            assert_eq!(id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"), "{text}");
        }
    }

    #[test]
    fn invalid_forms() {
        for text in [
            String::new(),
            VALID.to_uppercase(),
            VALID.to_owned() + "-01",
            VALID.to_owned() + "0",
            VALID.replace("00-4", "ff-4"),
            VALID.replace("00-4", "01-4") + ".01",
            VALID.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            VALID.replace("00f067aa0ba902b7", &"0".repeat(16)),
            VALID.replace('-', "_"),
            VALID.replace("-01", "-1"),
            VALID.replace("-01", "-0x"),
        ] {
            assert_eq!(TraceId::from_traceparent(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = TraceId::from_traceparent(&text);
        }
    }
}
