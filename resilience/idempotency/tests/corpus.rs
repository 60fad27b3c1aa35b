//! The corpus of the fuzz targets as a plain test: inputs made by hand, and small ones that the
//! fuzzer found (`fuzzed_*`).

#![cfg(test)]

#[path = "corpus/fingerprint.rs"]
mod fingerprint;
#[path = "corpus/key.rs"]
mod key;
#[path = "corpus/record.rs"]
mod record;

use mainstay_testkit::corpus;

fn each(folder: &str, law: fn(&[u8])) {
    corpus::each(env!("CARGO_MANIFEST_DIR"), folder, law);
}

#[test]
fn keys() {
    each("key", key::key);
}

#[test]
fn records() {
    each("record", record::record);
}

#[test]
fn fingerprints() {
    each("fingerprint", fingerprint::fingerprint);
}
