//! The corpus of the fuzz target as a plain test: inputs made by hand, and small ones that the
//! fuzzer found (`fuzzed_*`).

#![cfg(test)]

#[path = "corpus/answer.rs"]
mod law;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[test]
fn answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/answer");
    let inputs: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() > 30, "{} inputs in {}", inputs.len(), folder.display());
    let broken: Vec<_> = inputs
        .iter()
        .filter(|path| {
            let input = fs::read(path).unwrap();
            catch_unwind(|| law::answer(&input)).is_err()
        })
        .collect();
    assert!(broken.is_empty(), "broken by {broken:#?}");
}
