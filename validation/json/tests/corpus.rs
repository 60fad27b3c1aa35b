//! The corpus of the fuzz targets as a plain test: inputs made by hand, those of the suite, and
//! small ones that the fuzzer found (`fuzzed_*`).

#![cfg(test)]

#[path = "corpus/law.rs"]
mod law;
#[path = "suite/table.rs"]
mod table;
#[path = "corpus/write.rs"]
mod write;

use mainstay_testkit::corpus;

fn each(folder: &str, law: fn(&[u8])) {
    corpus::each(env!("CARGO_MANIFEST_DIR"), folder, law);
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
