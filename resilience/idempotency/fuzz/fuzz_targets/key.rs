//! A key is whatever a client sends as one: see `law::key` for the form of the input.

#![no_main]

#[path = "../../tests/corpus/key.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|input: &[u8]| law::key(input));
