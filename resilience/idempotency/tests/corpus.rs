//! The corpus of the fuzz targets as a plain test: inputs made by hand, and small ones that the
//! fuzzer found (`fuzzed_*`).

#![cfg(test)]

#[path = "corpus/fingerprint.rs"]
mod fingerprint;
#[path = "corpus/key.rs"]
mod key;
#[path = "corpus/record.rs"]
mod record;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

fn each(folder: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let inputs: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() > 30, "{} inputs in {}", inputs.len(), folder.display());
    let broken: Vec<_> = inputs
        .iter()
        .filter(|path| {
            let input = fs::read(path).unwrap();
            catch_unwind(|| law(&input)).is_err()
        })
        .collect();
    assert!(broken.is_empty(), "broken by {broken:#?}");
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
