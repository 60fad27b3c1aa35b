//! Every parser of a header's value, on the same bytes. None panics, and each accepts what a slow
//! and obvious reading of its specification accepts.

#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};
use mainstay_core::{Clock, Deadline, ManualClock, Pushback, RequestId, TraceId, is_grpc};

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    traceparent(value);
    timeout(value);
    request_id(value);
    let text = std::str::from_utf8(value).unwrap_or_default();
    if let Ok(value) = HeaderValue::from_bytes(value) {
        pushback(text, &value);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", value);
        is_grpc(&headers);
    }
});

fn traceparent(value: &[u8]) {
    let hex = |text: &str, len| {
        text.len() == len && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
    };
    let text = std::str::from_utf8(value).unwrap_or_default();
    let parts: Vec<&str> = text.splitn(5, '-').collect();
    let expected = match *parts.as_slice() {
        [version, trace, parent, flags, ref rest @ ..] => {
            let well_formed = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
            let set =
                !trace.bytes().all(|byte| byte == b'0') && !parent.bytes().all(|byte| byte == b'0');
            let lawful = version != "ff" && (version != "00" || rest.is_empty());
            (well_formed && set && lawful).then_some(trace)
        }
        _ => None,
    };
    // What a future version appends need not be text.
    if std::str::from_utf8(value).is_ok() {
        let read = TraceId::from_traceparent(value);
        assert_eq!(read.as_ref().map(TraceId::as_str), expected);
    }
}

fn timeout(value: &[u8]) {
    let now = ManualClock::new().now();
    let millis = Deadline::from_millis(value, now);
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    assert_eq!(millis.is_ok(), digits && value.len() <= 10);
    let grpc = Deadline::from_grpc_timeout(value, now);
    let Some((unit, amount)) = value.split_last() else {
        return assert!(grpc.is_err());
    };
    let digits = !amount.is_empty() && amount.len() <= 8 && amount.iter().all(u8::is_ascii_digit);
    assert_eq!(grpc.is_ok(), digits && b"HMSmun".contains(unit));
    for deadline in [millis, grpc].into_iter().flatten() {
        let sent = deadline.to_grpc_timeout(now);
        let read = Deadline::from_grpc_timeout(sent.as_bytes(), now).expect("our own form");
        // Rounded down to the finest unit that fits eight digits; a nanosecond where nothing is
        // left.
        let (before, after) = (deadline.remaining(now), read.remaining(now));
        assert!(after <= before.max(Duration::from_nanos(1)));
        assert!(before.saturating_sub(after) <= before / 100_000);
    }
}

fn request_id(value: &[u8]) {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let lawful = (1..=64).contains(&value.len()) && value.iter().all(allowed);
    let id = RequestId::from_bytes(value).ok();
    assert_eq!(id.as_ref().map(|id| id.as_str().as_bytes()), lawful.then_some(value));
}

fn pushback(text: &str, value: &HeaderValue) {
    let read = |name: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.clone());
        Pushback::from_headers(&headers, UNIX_EPOCH)
    };
    let retry_after = read("retry-after");
    assert_ne!(retry_after, Some(Pushback::Stop));
    // That crate accepts what is no date as well, and writes only what is one.
    if let Ok(date) = httpdate::parse_http_date(text)
        && let Ok(wait) = date.duration_since(UNIX_EPOCH)
        && httpdate::fmt_http_date(date) == text
    {
        assert_eq!(retry_after, Some(Pushback::After(wait)), "{text}");
    }
    let millis = text.parse().ok().filter(|millis: &i32| *millis >= 0);
    let expected = millis.map_or(Pushback::Stop, |millis| {
        Pushback::After(Duration::from_millis(u64::from(millis.unsigned_abs())))
    });
    assert_eq!(read("grpc-retry-pushback-ms"), Some(expected));
}
