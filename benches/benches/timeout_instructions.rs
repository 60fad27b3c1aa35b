//! How many instructions the cases of the area `timeout` take: one function a case, named after
//! it, and one line a contender.
#![allow(missing_docs, reason = "gungraun's macros make public items without documentation")]

use gungraun::prelude::*;
use mainstay_benches::timeout::AREA;
use mainstay_benches::{Operation, count_instructions, warm};

#[library_benchmark]
#[bench::floor(warm(&AREA, "ready", "floor"))]
#[bench::mainstay(warm(&AREA, "ready", "mainstay"))]
#[bench::tower(warm(&AREA, "ready", "tower"))]
#[bench::tower_resilience_timelimiter(warm(&AREA, "ready", "tower-resilience-timelimiter"))]
fn ready(operation: Operation) -> Operation {
    count_instructions(operation)
}

library_benchmark_group!(name = timeout, benchmarks = [ready]);

main!(library_benchmark_groups = timeout);
