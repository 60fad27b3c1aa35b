//! A body is whatever bytes a client sends.

#![no_main]

#[path = "../../tests/corpus/law.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|body: &[u8]| law::decode(body));
