//! The corpus of the fuzz targets as a plain test: inputs made by hand, and small ones that the
//! fuzzer found (`fuzzed_*`).

#![cfg(test)]

#[path = "corpus/law.rs"]
mod law;

use mainstay_testkit::corpus;

fn each(folder: &str, law: fn(&[u8])) {
    corpus::each(env!("CARGO_MANIFEST_DIR"), folder, law);
}

#[test]
fn problems() {
    each("problem", law::problem);
}

#[test]
fn grpc_statuses() {
    each("grpc", law::grpc);
}
