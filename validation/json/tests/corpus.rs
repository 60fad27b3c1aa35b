//! The corpus of the fuzz target as a plain test: inputs made by hand, those of the suite, and
//! small ones that the fuzzer found (`fuzzed_*`).

#![cfg(test)]

#[path = "corpus/law.rs"]
mod law;
#[path = "suite/table.rs"]
mod table;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[test]
fn inputs_worth_keeping() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/decode");
    let inputs: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() > 30, "{} inputs in {}", inputs.len(), folder.display());
    let broken: Vec<_> = inputs
        .iter()
        .filter(|path| {
            let input = fs::read(path).unwrap();
            catch_unwind(|| law::decode(&input)).is_err()
        })
        .collect();
    assert!(broken.is_empty(), "broken by {broken:#?}");
}

#[test]
fn the_suite() {
    let open = table::OPEN.iter().map(|(input, _, _)| *input);
    for input in table::ACCEPTED.iter().chain(table::REJECTED).copied().chain(open) {
        law::decode(input);
    }
}
