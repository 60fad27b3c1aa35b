//! A value is whatever a handler answers with: see `law::write` for the form of the input.

#![no_main]

#[path = "../../tests/corpus/write.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|input: &[u8]| law::write(input));
