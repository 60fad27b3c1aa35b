//! What is read allocates what the value does, and no more.

#![cfg(test)]

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use allocation_counter::measure;
use bytes::Bytes;
use http_body_util::Full;
use mainstay_json::{Limits, from_slice, read_body};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Debug, PartialEq, Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    id: &'a str,
    lines: Vec<Line>,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Line {
    sku: String,
    quantity: u32,
}

type Maps = Vec<BTreeMap<String, u8>>;

const LIMITS: Limits = Limits::new().depth(8).string(64).array(100).members(20);

fn order(unknown: &str) -> String {
    let line = |nth| format!(r#"{{"sku":"A-{nth}","quantity":{nth}}}"#);
    let lines: Vec<_> = (0..40).map(line).collect();
    format!(r#"{{"id":"x",{unknown}"lines":[{}],"note":"with \"escapes\""}}"#, lines.join(","))
}

#[test]
fn structs_cost_what_serde_json_costs() {
    let input = order("");
    let theirs = measure(|| drop(serde_json::from_slice::<Order<'_>>(input.as_bytes())));
    let ours = measure(|| drop(from_slice::<Order<'_>>(input.as_bytes(), &LIMITS)));
    assert_eq!((ours.count_total, ours.bytes_total), (theirs.count_total, theirs.bytes_total));
}

/// Names that are not known have to be remembered: one vector that grows, and what knows where in
/// it they begin.
#[test]
fn unknown_members_cost_little() {
    let input = order(r#""a":[1,{"b":2}],"c":3,"#);
    let theirs = measure(|| drop(serde_json::from_slice::<Order<'_>>(input.as_bytes())));
    let ours = measure(|| drop(from_slice::<Order<'_>>(input.as_bytes(), &LIMITS)));
    let more = ours.count_total - theirs.count_total;
    assert!(more <= 3, "{more} more");
}

/// All maps of a value share one vector.
#[test]
fn maps_cost_one_vector() {
    let map: Vec<_> = (0..12).map(|nth| format!(r#""name-{nth}":{nth}"#)).collect();
    let maps = vec![format!("{{{}}}", map.join(",")); 50];
    let input = format!("[{}]", maps.join(","));
    let theirs = measure(|| drop(serde_json::from_slice::<Maps>(input.as_bytes())));
    let ours = measure(|| drop(from_slice::<Maps>(input.as_bytes(), &LIMITS)));
    let more = ours.count_total - theirs.count_total;
    // 4, 8, 16 names.
    assert!(more <= 3, "{more} more");
    let theirs = measure(|| drop(serde_json::from_slice::<Value>(input.as_bytes())));
    let ours = measure(|| drop(from_slice::<Value>(input.as_bytes(), &LIMITS)));
    assert!(ours.count_total - theirs.count_total <= 3);
}

#[test]
fn a_body_is_collected_for_nothing() {
    // On a thread of its own, as each has buffers of its own.
    let collected = thread::spawn(|| {
        let input = Bytes::from(order(""));
        let collect = || {
            let read = pin!(read_body(Full::new(input.clone()), &LIMITS));
            let Poll::Ready(received) = read.poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("it waits");
            };
            assert_eq!(received.unwrap().as_bytes(), input);
        };
        (0..10).for_each(|_| collect());
        measure(collect)
    });
    assert_eq!(collected.join().unwrap().count_total, 0);
}

/// To say where in it something is wrong takes no memory that grows with the input. `serde_json`
/// keeps a byte for each bracket that it skips, in a vector that doubles.
#[test]
fn what_is_refused_takes_no_more_memory_than_it_has_bytes() {
    const LEN: usize = 2 << 20;

    let mut not_utf8 = vec![b'['; LEN - 1];
    not_utf8.push(0xff);
    let refused = measure(|| drop(from_slice::<u8>(&not_utf8, &LIMITS).unwrap_err()));
    assert!(refused.bytes_max < 64 << 10, "{}", refused.bytes_max);

    let mut skipped = br#"{"r":"#.to_vec();
    skipped.resize(LEN, b'[');
    let refused = measure(|| {
        let read = from_slice::<BTreeMap<String, &RawValue>>(&skipped, &LIMITS);
        assert!(read.is_err());
    });
    assert!(refused.bytes_max < 4 * LEN as u64, "{}", refused.bytes_max);
}
