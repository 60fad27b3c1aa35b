//! How many instructions the cases of the area `retry` take: one function a case, named after
//! it, and one line a contender.
#![allow(missing_docs, reason = "gungraun's macros make public items without documentation")]

use gungraun::prelude::*;
use mainstay_benches::retry::AREA;
use mainstay_benches::{Operation, count_instructions, warm};

#[library_benchmark]
#[bench::floor(warm(&AREA, "success-budget", "floor"))]
#[bench::mainstay(warm(&AREA, "success-budget", "mainstay"))]
#[bench::mainstay_shared(warm(&AREA, "success-budget", "mainstay-shared"))]
#[bench::tower(warm(&AREA, "success-budget", "tower"))]
#[bench::tower_resilience_retry(warm(&AREA, "success-budget", "tower-resilience-retry"))]
#[bench::seatbelt(warm(&AREA, "success-budget", "seatbelt"))]
fn success_budget(operation: Operation) -> Operation {
    count_instructions(operation)
}

library_benchmark_group!(name = retry, benchmarks = [success_budget]);

main!(library_benchmark_groups = retry);
