//! A fingerprint is whatever bytes a store gives back.

#![no_main]

#[path = "../../tests/corpus/fingerprint.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|input: &[u8]| law::fingerprint(input));
