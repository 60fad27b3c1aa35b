//! How many instructions the cases of the area `backoff` take: one function a case, named after
//! it, and one line a contender.
#![allow(missing_docs, reason = "gungraun's macros make public items without documentation")]

use gungraun::prelude::*;
use mainstay_benches::backoff::AREA;
use mainstay_benches::{Operation, count_instructions, warm};

#[library_benchmark]
#[bench::floor(warm(&AREA, "next", "floor"))]
#[bench::mainstay(warm(&AREA, "next", "mainstay"))]
#[bench::backon(warm(&AREA, "next", "backon"))]
#[bench::tokio_retry2(warm(&AREA, "next", "tokio-retry2"))]
fn next(operation: Operation) -> Operation {
    count_instructions(operation)
}

library_benchmark_group!(name = backoff, benchmarks = [next]);

main!(library_benchmark_groups = backoff);
