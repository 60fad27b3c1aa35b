//! An answer is whatever bytes a server sends.

#![no_main]

#[path = "../../tests/corpus/answer.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|input: &[u8]| law::answer(input));
