//! A problem document is whatever bytes a peer calls one.

#![no_main]

#[path = "../../tests/corpus/law.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|body: &[u8]| law::problem(body));
