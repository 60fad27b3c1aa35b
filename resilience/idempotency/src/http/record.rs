//! Answers as bytes, the way that stores keep them.

use bytes::{Buf, BufMut, Bytes};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// What is written first. It changes when what follows does; who reads another refuses.
const VERSION: u8 = 2;

const ANSWER: u8 = 0;
const MARKER: u8 = 1;
const GRPC: u8 = 2;
const TRAILERS: u8 = 4;

/// What is kept of a try that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub(super) enum Record {
    /// The answer.
    Answer(Answer),
    /// It has ended, and the answer is not there: it was too large, a stream, or there was none.
    Marker,
}

/// An answer, as far as it is given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Whether it was asked for in gRPC: it is then no answer over HTTP.
    pub(super) grpc: bool,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: Option<HeaderMap>,
}

/// The bytes are not a record of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// An answer that is still in its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerRef<'a> {
    pub(super) grpc: bool,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
    pub(super) trailers: Option<&'a HeaderMap>,
}

impl AnswerRef<'_> {
    /// The version, what it is, the status, headers, trailers, and the body with its length before
    /// it: what a store has cut short, or has put something after, is no record.
    ///
    /// Only headers that `is_kept` are written. Trailers all are: they are written by handlers,
    /// and none of them is of a connection. No cookie is, whatever is said.
    pub(super) fn encode(&self, is_kept: impl Fn(&HeaderName) -> bool) -> Bytes {
        let kept = |name: &HeaderName| name != SET_COOKIE && is_kept(name);
        let no_cookie = |name: &HeaderName| name != SET_COOKIE;
        let trailers_len = self.trailers.map_or(0, |map| fields_len(map, &no_cookie));
        let body_len = text_len(self.body.len());
        let len = 4 + fields_len(self.headers, &kept) + trailers_len + body_len;
        // To the byte, so that nothing is copied or kept beside it.
        let mut out = Vec::with_capacity(len);
        let grpc = if self.grpc { GRPC } else { 0 };
        let trailers = if self.trailers.is_some() { TRAILERS } else { 0 };
        out.put_u8(VERSION);
        out.put_u8(ANSWER | grpc | trailers);
        out.put_u16(self.status.as_u16());
        put_fields(&mut out, self.headers, &kept);
        if let Some(map) = self.trailers {
            put_fields(&mut out, map, &no_cookie);
        }
        put_len(&mut out, self.body.len());
        out.put_slice(self.body);
        Bytes::from(out)
    }
}

impl Record {
    /// The marker's bytes.
    pub(super) fn marker() -> Bytes {
        Bytes::from_static(&[VERSION, MARKER])
    }

    /// Reads what was written, and nothing else: what is read would be written as the same bytes.
    /// The body and long values share the memory of `bytes`.
    pub(super) fn decode(mut bytes: Bytes) -> Result<Self, Unreadable> {
        if take_u8(&mut bytes)? != VERSION {
            return Err(Unreadable);
        }
        let what = take_u8(&mut bytes)?;
        if what == MARKER {
            return if bytes.is_empty() { Ok(Self::Marker) } else { Err(Unreadable) };
        }
        if what & !(GRPC | TRAILERS) != ANSWER {
            return Err(Unreadable);
        }
        let status = bytes.try_get_u16().map_err(|_| Unreadable)?;
        let status = StatusCode::from_u16(status).map_err(|_| Unreadable)?;
        let headers = take_fields(&mut bytes)?;
        let has_trailers = what & TRAILERS != 0;
        let trailers = has_trailers.then(|| take_fields(&mut bytes)).transpose()?;
        if take_len(&mut bytes)? != bytes.len() {
            return Err(Unreadable);
        }
        let grpc = what & GRPC != 0;
        Ok(Self::Answer(Answer { grpc, status, headers, body: bytes, trailers }))
    }
}

/// A number of fields, then each as the length of its name, doubled, and one more if its value is
/// sensitive, its name, the length of its value, its value.
fn put_fields(out: &mut Vec<u8>, map: &HeaderMap, kept: &impl Fn(&HeaderName) -> bool) {
    let fields = || map.iter().filter(|(name, _)| kept(name));
    put_len(out, fields().count());
    for (name, value) in fields() {
        put_len(out, name.as_str().len() << 1 | usize::from(value.is_sensitive()));
        out.put_slice(name.as_str().as_bytes());
        put_len(out, value.len());
        out.put_slice(value.as_bytes());
    }
}

fn fields_len(map: &HeaderMap, kept: &impl Fn(&HeaderName) -> bool) -> usize {
    let fields = map.iter().filter(|(name, _)| kept(name));
    let (count, len) = fields.fold((0, 0), |(count, len), (name, value)| {
        let name = name.as_str().len();
        (count + 1, len + len_len(name << 1) + name + text_len(value.len()))
    });
    len_len(count) + len
}

/// How long a text of this length is with its length before it.
fn text_len(len: usize) -> usize {
    len_len(len) + len
}

fn len_len(len: usize) -> usize {
    let bits = usize::BITS - (len | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

fn take_fields(bytes: &mut Bytes) -> Result<HeaderMap, Unreadable> {
    let count = take_len(bytes)?;
    // Each takes two bytes at least: what is claimed beyond that is not there.
    if count > bytes.len() / 2 {
        return Err(Unreadable);
    }
    let mut map = HeaderMap::new();
    let mut before = Bytes::new();
    for _ in 0..count {
        let len = take_len(bytes)?;
        let (name_len, is_sensitive) = (len >> 1, len & 1 == 1);
        let written = take_text(bytes, name_len)?;
        let name = HeaderName::from_lowercase(&written).map_err(|_| Unreadable)?;
        let value_len = take_len(bytes)?;
        let value = take_text(bytes, value_len)?;
        let mut value = HeaderValue::from_maybe_shared(value).map_err(|_| Unreadable)?;
        value.set_sensitive(is_sensitive);
        let is_cookie = name == SET_COOKIE;
        let is_again = map.try_append(name, value).map_err(|_| Unreadable)?;
        // Values of one name are written one after the other.
        if is_cookie || (is_again && written != before) {
            return Err(Unreadable);
        }
        before = written;
    }
    Ok(map)
}

fn take_text(bytes: &mut Bytes, len: usize) -> Result<Bytes, Unreadable> {
    if len > bytes.len() { Err(Unreadable) } else { Ok(bytes.split_to(len)) }
}

fn take_u8(bytes: &mut Bytes) -> Result<u8, Unreadable> {
    bytes.try_get_u8().map_err(|_| Unreadable)
}

/// Seven bits a byte, the lowest first, in as few bytes as it takes, and in five at most.
fn put_len(out: &mut Vec<u8>, len: usize) {
    let mut rest = len;
    while rest >= 0x80 {
        out.put_u8(u8::try_from(rest & 0x7f).unwrap_or_default() | 0x80);
        rest >>= 7;
    }
    out.put_u8(u8::try_from(rest).unwrap_or_default());
}

fn take_len(bytes: &mut Bytes) -> Result<usize, Unreadable> {
    let mut len = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = take_u8(bytes)?;
        len |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let is_shortest = byte != 0 || shift == 0;
            return usize::try_from(len).ok().filter(|_| is_shortest).ok_or(Unreadable);
        }
    }
    Err(Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn fields() -> impl Strategy<Value = HeaderMap> {
        let field = ("[a-z][a-z0-9-]{0,200}", "[ -~]{0,300}", any::<bool>());
        vec(field, 0..6).prop_map(|fields| {
            let mut map = HeaderMap::new();
            for (name, value, is_sensitive) in fields {
                let mut value = HeaderValue::from_str(&value).unwrap();
                value.set_sensitive(is_sensitive);
                map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
            }
            map.append("content-type", HeaderValue::from_static("text/plain"));
            map
        })
    }

    fn answers() -> impl Strategy<Value = Answer> {
        let body = vec(any::<u8>(), 0..400).prop_map(Bytes::from);
        let status = (100_u16..1000).prop_map(|status| StatusCode::from_u16(status).unwrap());
        (any::<bool>(), status, fields(), body, proptest::option::of(fields())).prop_map(
            |(grpc, status, headers, body, trailers)| Answer {
                grpc,
                status,
                headers,
                body,
                trailers,
            },
        )
    }

    fn encoded(answer: &Answer, is_kept: impl Fn(&HeaderName) -> bool) -> Bytes {
        let Answer { grpc, status, headers, body, trailers } = answer;
        let trailers = trailers.as_ref();
        AnswerRef { grpc: *grpc, status: *status, headers, body, trailers }.encode(is_kept)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(answer in answers()) {
            let read = Record::decode(encoded(&answer, |_| true));
            let sensitive = |headers: &HeaderMap| -> Vec<_> {
                headers.iter().map(|(name, value)| (name.clone(), value.is_sensitive())).collect()
            };
            if let Ok(Record::Answer(read)) = &read {
                prop_assert_eq!(sensitive(&read.headers), sensitive(&answer.headers));
            }
            prop_assert_eq!(read, Ok(Record::Answer(answer)));
        }

        /// So that a record takes one allocation, and no more memory than it has bytes.
        #[test]
        fn its_length_is_foreseen(map in fields()) {
            let mut out = Vec::new();
            put_fields(&mut out, &map, &|_| true);
            prop_assert_eq!(out.len(), fields_len(&map, &|_| true));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
            let _ = Record::decode(Bytes::from(bytes));
        }

        /// Nearer to what is right, so that it gets further.
        #[test]
        fn a_damaged_record_is_refused_or_another_as_it_stands(
            answer in answers(), at in any::<prop::sample::Index>(), byte: u8,
        ) {
            let mut bytes = encoded(&answer, |_| true).to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let bytes = Bytes::from(bytes);
            if let Ok(Record::Answer(answer)) = Record::decode(bytes.clone()) {
                prop_assert_eq!(encoded(&answer, |_| true), bytes);
            }
        }

        #[test]
        fn what_is_cut_is_no_record(answer in answers(), at in any::<prop::sample::Index>()) {
            let bytes = encoded(&answer, |_| true);
            let cut = bytes.slice(..at.index(bytes.len()));
            prop_assert_eq!(Record::decode(cut), Err(Unreadable));
        }

        /// Scenario 26: what a later release has written is refused, not misread.
        #[test]
        fn another_version_is_unreadable(answer in answers(), version: u8) {
            let mut bytes = encoded(&answer, |_| true).to_vec();
            bytes[0] = version;
            let read = Record::decode(Bytes::from(bytes));
            prop_assert_eq!(read.is_ok(), version == VERSION);
        }

        #[test]
        fn lengths_are_read_as_written(len in 0_usize..1 << 35) {
            let mut out = Vec::new();
            put_len(&mut out, len);
            prop_assert_eq!(out.len(), len_len(len));
            prop_assert_eq!(take_len(&mut Bytes::from(out)), Ok(len));
        }
    }

    #[test]
    fn only_what_is_kept_is_written_and_no_cookie() {
        let cookie = HeaderValue::from_static("session=1");
        let mut headers = HeaderMap::new();
        headers.insert(SET_COOKIE, cookie.clone());
        headers.insert("etag", HeaderValue::from_static("\"1\""));
        headers.insert("date", HeaderValue::from_static("today"));
        let trailers = Some(HeaderMap::from_iter([(SET_COOKIE, cookie)]));
        let answer =
            Answer { grpc: false, status: StatusCode::OK, headers, body: Bytes::new(), trailers };
        let read = Record::decode(encoded(&answer, |name| name != "date"));
        let Ok(Record::Answer(read)) = read else { panic!() };
        assert_eq!(read.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["etag"]);
        assert_eq!(read.trailers, Some(HeaderMap::new()));
    }

    #[test]
    fn a_marker_is_read_and_nothing_follows_it() {
        assert_eq!(Record::decode(Record::marker()), Ok(Record::Marker));
        assert_eq!(Record::decode(Bytes::from_static(&[VERSION, MARKER, 0])), Err(Unreadable));
    }
}
