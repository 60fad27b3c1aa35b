//! What holds of every record that is read from a store: the fuzz target looks for an input that
//! breaks it, and `tests/corpus.rs` tries those that are worth keeping.

// The crate shows records to nobody, so they are built once more here, with their tests.
#[path = "../../src/http/record.rs"]
mod kept;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use kept::{Answer, AnswerRef, Record, Unreadable};

/// A field has three bytes at least, and takes about a hundred in a map that grows by doubling.
const MOST_BYTES_FOR_ONE: usize = 200;
const MOST_BYTES_BESIDES: usize = 2000;

/// The input is read as what a store has kept, and as an answer that is to be kept: a line with
/// its status, `g` before it if it is gRPC and `t` after it if there are trailers, then lines of
/// headers, an empty line, lines of trailers and another if there are trailers, and the body.
pub(crate) fn record(input: &[u8]) {
    let read = decoded(input);
    let model = modelled(input);
    assert_eq!(read, model, "as it was written");
    if let Ok(read) = read {
        assert_eq!(encoded(&read), input, "it would be written otherwise");
        only_as_a_whole(input);
    }
    let answer = Record::Answer(said(input));
    let kept = encoded(&answer);
    assert_eq!(decoded(&kept), Ok(answer.clone()));
    assert_eq!(modelled(&kept), Ok(answer));
    only_as_a_whole(&kept);
}

/// Within memory that what is there accounts for, whatever it says is there.
fn decoded(bytes: &[u8]) -> Result<Record, Unreadable> {
    let bytes = Bytes::copy_from_slice(bytes);
    let len = bytes.len();
    let mut read = Err(Unreadable);
    let taken = allocation_counter::measure(|| read = Record::decode(bytes));
    let most = MOST_BYTES_FOR_ONE * len + MOST_BYTES_BESIDES;
    assert!(taken.bytes_max <= most as u64, "{} bytes for {len}", taken.bytes_max);
    read
}

fn encoded(record: &Record) -> Bytes {
    let Record::Answer(Answer { grpc, status, headers, body, trailers }) = record else {
        return Record::marker();
    };
    let trailers = trailers.as_ref();
    let answer = AnswerRef { grpc: *grpc, status: *status, headers, body, trailers };
    let mut kept = Bytes::new();
    let taken = allocation_counter::measure(|| kept = answer.encode(|_| true));
    assert!(taken.bytes_max <= kept.len() as u64 + 64, "not to the byte: {taken:?}");
    kept
}

/// What is cut, at whatever place, is no record, nor is what has something after it.
fn only_as_a_whole(kept: &[u8]) {
    let step = kept.len() / 32 + 1;
    for cut in (0..kept.len()).step_by(step).chain(kept.len().checked_sub(1)) {
        assert_eq!(decoded(&kept[..cut]), Err(Unreadable), "cut at {cut}");
    }
    for after in [0, 1, b'a', 0xff] {
        assert_eq!(decoded(&[kept, &[after]].concat()), Err(Unreadable), "{after} after it");
    }
    let mut later = kept.to_vec();
    later[0] += 1;
    assert_eq!(decoded(&later), Err(Unreadable), "of another version");
}

/// The answer of the input as text. Each input is one.
fn said(input: &[u8]) -> Answer {
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let (status, mut rest) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let number = status.iter().filter(|byte| byte.is_ascii_digit());
    let number = number.fold(0_u16, |all, digit| (all * 10 + u16::from(digit - b'0')) % 1000);
    let headers = fields(&mut rest);
    let trailers = status.ends_with(b"t").then(|| fields(&mut rest));
    Answer {
        grpc: status.starts_with(b"g"),
        status: StatusCode::from_u16(number).unwrap_or_default(),
        headers,
        body: Bytes::copy_from_slice(rest),
        trailers,
    }
}

/// Up to an empty line, or the end. What is no field is left out, and no cookie is one here.
fn fields(rest: &mut &[u8]) -> HeaderMap {
    let mut map = HeaderMap::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        *rest = rest.get(end + 1..).unwrap_or_default();
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let name = &line[..colon];
        let name = HeaderName::from_lowercase(name).or_else(|_| HeaderName::from_bytes(name));
        let value = HeaderValue::from_bytes(line.get(colon + 1..).unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value)
            && name != "set-cookie"
        {
            map.append(name, value);
        }
    }
    map
}

/// The format as it is told in `AnswerRef::encode`, read from a list of bytes.
fn modelled(input: &[u8]) -> Result<Record, Unreadable> {
    let mut rest = input.iter().copied();
    let record = parts(&mut rest).filter(|_| rest.next().is_none());
    record.ok_or(Unreadable)
}

fn parts(rest: &mut impl Iterator<Item = u8>) -> Option<Record> {
    let (version, what) = (rest.next()?, rest.next()?);
    let (grpc, with_trailers) = match (version, what) {
        (2, 1) => return Some(Record::Marker),
        (2, 0) => (false, false),
        (2, 2) => (true, false),
        (2, 4) => (false, true),
        (2, 6) => (true, true),
        _ => return None,
    };
    let status = u16::from(rest.next()?) * 256 + u16::from(rest.next()?);
    let status = StatusCode::from_u16(status).ok()?;
    let headers = listed(rest)?;
    let trailers = if with_trailers { Some(listed(rest)?) } else { None };
    let body = Bytes::from(text(rest)?);
    Some(Record::Answer(Answer { grpc, status, headers, body, trailers }))
}

fn listed(rest: &mut impl Iterator<Item = u8>) -> Option<HeaderMap> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut map = HeaderMap::new();
    for _ in 0..number(rest)? {
        let doubled = number(rest)?;
        let (name, value) = (take(rest, doubled / 2)?, text(rest)?);
        // The mark of a quotation is none of a name, but one made from lower case may have it.
        let is_lower = |byte: &u8| {
            let marks = b"!\"#$%&'*+-.^_`|~";
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || marks.contains(byte)
        };
        let is_name = !name.is_empty() && name.len() < 1 << 16 && name.iter().all(is_lower);
        let is_value = value.iter().all(|byte| (*byte >= b' ' && *byte != 0x7f) || *byte == b'\t');
        if !is_name || !is_value || name == b"set-cookie" {
            return None;
        }
        let is_out_of_place = names.last() != Some(&name) && names.contains(&name);
        if is_out_of_place {
            return None;
        }
        let mut value = HeaderValue::from_bytes(&value).expect("a value");
        value.set_sensitive(doubled % 2 == 1);
        map.append(HeaderName::from_lowercase(&name).expect("a name"), value);
        names.push(name);
    }
    Some(map)
}

fn text(rest: &mut impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    let len = number(rest)?;
    take(rest, len)
}

fn take(rest: &mut impl Iterator<Item = u8>, len: u64) -> Option<Vec<u8>> {
    (0..len).map(|_| rest.next()).collect()
}

/// In base 128, the lowest digit first, and 128 more if another follows. No zero leads.
fn number(rest: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut digits = Vec::new();
    loop {
        let byte = rest.next()?;
        digits.push(u64::from(byte % 128));
        if byte < 128 {
            break;
        }
    }
    let is_written_so = digits.len() <= 5 && (digits.len() == 1 || digits.last() != Some(&0));
    is_written_so.then(|| digits.iter().rev().fold(0, |all, digit| all * 128 + digit))
}
