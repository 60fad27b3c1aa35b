//! How many instructions the cases of the area `client-stack` take: one function a case, named after
//! it, and one line a contender.
#![allow(missing_docs, reason = "gungraun's macros make public items without documentation")]

use gungraun::prelude::*;
use mainstay_benches::client_stack::AREA;
use mainstay_benches::{Operation, count_instructions, warm};

#[library_benchmark]
#[bench::floor(warm(&AREA, "ready", "floor"))]
#[bench::mainstay(warm(&AREA, "ready", "mainstay"))]
#[bench::tower_resilience(warm(&AREA, "ready", "tower-resilience"))]
#[bench::seatbelt(warm(&AREA, "ready", "seatbelt"))]
fn ready(operation: Operation) -> Operation {
    count_instructions(operation)
}

library_benchmark_group!(name = client_stack, benchmarks = [ready]);

main!(library_benchmark_groups = client_stack);
