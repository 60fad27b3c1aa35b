//! A record is whatever bytes a store gives back: see `law::record` for the form of the input.

#![no_main]

#[path = "../../tests/corpus/record.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|input: &[u8]| law::record(input));
