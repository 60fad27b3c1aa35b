//! The corpus of the fuzz target as a plain test: inputs made by hand, and small ones that the
//! fuzzer found (`fuzzed_*`).

#![cfg(test)]

#[path = "corpus/answer.rs"]
mod law;

use mainstay_testkit::corpus;

#[test]
fn answers() {
    corpus::each(env!("CARGO_MANIFEST_DIR"), "answer", law::answer);
}
