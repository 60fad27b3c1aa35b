//! What is sensitive is nowhere once it is dropped: looked for in all the memory that the
//! process can write to.

#![cfg(test)]
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Buf;
use http_body_util::BodyExt;
use mainstay_json::{to_body, to_sensitive_body};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};

/// A secret that is only in memory while it is written: letter by letter, from here.
struct Secret {
    /// How often it is said. It is longer than a buffer that it begins in.
    times: usize,
    ends: Ends,
}

enum Ends {
    Well,
    InError,
    InPanic,
}

/// The secret, as nobody would find it: each byte is one more.
const DISGUISED: &[u8] = b"ifsf!jt!b!tfdsfu!uibu!opcpez!nvtu!gjoe";

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        for _ in 0..self.times {
            sequence.serialize_element(&Spelled)?;
        }
        match self.ends {
            Ends::Well => sequence.end(),
            Ends::InError => Err(S::Error::custom("told to")),
            Ends::InPanic => panic!("told to"),
        }
    }
}

/// Once the secret, as a string that is never whole outside of the answer.
struct Spelled;

impl Serialize for Spelled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::fmt::Display for Spelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::fmt::Write;
        DISGUISED.iter().try_for_each(|byte| f.write_char(char::from(byte - 1)))
    }
}

/// How often the secret is in what the process can write to.
fn found() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let memory = File::open("/proc/self/mem").unwrap();
    // What is looked at is copied here, where it does not count.
    let mut window = vec![0; 64 << 10];
    let mine = window.as_ptr() as u64..window.as_ptr() as u64 + window.len() as u64;
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let address = |hex| u64::from_str_radix(hex, 16).unwrap();
        let (from, to) = (address(from), address(to));
        for part in [from..to.min(mine.start), from.max(mine.end)..to] {
            found += found_in(&memory, part, &mut window);
        }
    }
    found
}

/// The same, in a part of the memory.
fn found_in(memory: &File, part: Range<u64>, window: &mut [u8]) -> usize {
    let mut found = 0;
    let mut at = part.start;
    while at < part.end {
        let len = usize::try_from(part.end - at).unwrap().min(window.len());
        // Some regions are the system's and cannot be read.
        let Ok(read) = memory.read_at(&mut window[..len], at) else { break };
        found += count(&window[..read]);
        // One byte less than the secret again: it may begin before the end.
        let again = if read == window.len() { DISGUISED.len() - 1 } else { 0 };
        at += u64::try_from((read - again).max(1)).unwrap();
    }
    found
}

fn count(region: &[u8]) -> usize {
    let first = DISGUISED[0] - 1;
    let starts = region.iter().enumerate().filter(|(_, byte)| **byte == first);
    let is_secret = |at: usize| {
        let there = region[at..].iter().take(DISGUISED.len());
        there.len() == DISGUISED.len() && there.zip(DISGUISED).all(|(a, b)| *a == b - 1)
    };
    starts.filter(|(at, _)| is_secret(*at)).count()
}

#[test]
fn nothing_is_left_of_a_secret() {
    assert_eq!(found(), 0);
    for times in [1, 20, 100, 1000] {
        let body = to_sensitive_body(&Secret { times, ends: Ends::Well }).unwrap();
        assert_eq!(found(), times, "it is found while it is there");
        drop(body);
        assert_eq!(found(), 0, "in a body");

        let bytes = to_sensitive_body(&Secret { times, ends: Ends::Well }).unwrap().into_bytes();
        let clone = bytes.slice(1..3);
        drop(bytes);
        assert_eq!(found(), times, "a clone keeps it");
        drop(clone);
        assert_eq!(found(), 0, "in bytes");

        assert!(to_sensitive_body(&Secret { times, ends: Ends::InError }).is_err());
        assert_eq!(found(), 0, "where it failed");

        let secret = Secret { times, ends: Ends::InPanic };
        let write = AssertUnwindSafe(|| drop(to_sensitive_body(&secret)));
        assert!(catch_unwind(write).is_err());
        assert_eq!(found(), 0, "where it panicked");
    }
    // And the search does find what is left behind.
    drop(to_body(&Secret { times: 3, ends: Ends::Well }).unwrap());
    assert!(found() >= 3);
}

/// A body that is collected is not copied to where nobody erases it.
#[test]
fn what_is_collected_is_the_same_memory() {
    let body = to_sensitive_body("s3cret").unwrap();
    let at = body.as_ptr();
    let collected = pin!(body.collect()).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Ok(collected)) = collected else { panic!("it waits") };
    let bytes = collected.to_bytes();
    assert_eq!((bytes.as_ptr(), &bytes[..]), (at, &br#""s3cret""#[..]));
}

#[test]
fn a_part_of_the_data_can_be_copied() {
    let mut body = to_body("tea").unwrap();
    let frame = pin!(body.frame()).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Some(Ok(frame))) = frame else { panic!("there is none") };
    let mut data = frame.into_data().unwrap();
    assert_eq!(data.copy_to_bytes(2), "\"t");
    assert_eq!((data.copy_to_bytes(3), data.remaining()), ("ea\"".into(), 0));
    assert!(catch_unwind(AssertUnwindSafe(|| data.copy_to_bytes(1))).is_err());
}
