//! The corpus of the fuzz targets as a plain test: inputs made by hand, those of the suite, and
//! small ones that the fuzzer found (`fuzzed_*`).

#![cfg(test)]

#[path = "corpus/law.rs"]
mod law;
#[path = "suite/table.rs"]
mod table;
#[path = "corpus/write.rs"]
mod write;

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
fn what_is_read() {
    each("decode", law::decode);
}

#[test]
fn what_is_written() {
    each("write", write::write);
    each("decode", write::write);
}

#[test]
fn the_suite() {
    let open = table::OPEN.iter().map(|(input, _, _)| *input);
    for input in table::ACCEPTED.iter().chain(table::REJECTED).copied().chain(open) {
        law::decode(input);
        write::write(input);
    }
}
