//! How many instructions the cases of the area `idempotency` take: one function a case, named
//! after it, and one line a contender. Those with servers are not counted.
#![allow(missing_docs, reason = "gungraun's macros make public items without documentation")]

use gungraun::prelude::*;
use mainstay_benches::idempotency::AREA;
use mainstay_benches::{Operation, count_instructions, warm};

#[library_benchmark]
#[bench::floor(warm(&AREA, "memory-first", "floor"))]
#[bench::mainstay(warm(&AREA, "memory-first", "mainstay"))]
#[bench::axum_idempotent(warm(&AREA, "memory-first", "axum-idempotent"))]
fn memory_first(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "memory-replay", "floor"))]
#[bench::mainstay(warm(&AREA, "memory-replay", "mainstay"))]
#[bench::axum_idempotent(warm(&AREA, "memory-replay", "axum-idempotent"))]
fn memory_replay(operation: Operation) -> Operation {
    count_instructions(operation)
}

library_benchmark_group!(name = idempotency, benchmarks = [memory_first, memory_replay]);

main!(library_benchmark_groups = idempotency);
