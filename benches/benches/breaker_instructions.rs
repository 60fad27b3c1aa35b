//! How many instructions the cases of the area `breaker` take: one function a case, named after
//! it, and one line a contender.
#![allow(missing_docs, reason = "gungraun's macros make public items without documentation")]

use gungraun::prelude::*;
use mainstay_benches::breaker::AREA;
use mainstay_benches::{Operation, count_instructions, warm};

#[library_benchmark]
#[bench::floor(warm(&AREA, "closed", "floor"))]
#[bench::mainstay(warm(&AREA, "closed", "mainstay"))]
#[bench::mainstay_shared(warm(&AREA, "closed", "mainstay-shared"))]
#[bench::tower_resilience_circuitbreaker(warm(&AREA, "closed", "tower-resilience-circuitbreaker"))]
#[bench::seatbelt(warm(&AREA, "closed", "seatbelt"))]
#[bench::recloser(warm(&AREA, "closed", "recloser"))]
#[bench::failsafe(warm(&AREA, "closed", "failsafe"))]
fn closed(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "slow-tracking", "floor"))]
#[bench::mainstay(warm(&AREA, "slow-tracking", "mainstay"))]
#[bench::tower_resilience_circuitbreaker(warm(&AREA, "slow-tracking", "tower-resilience-circuitbreaker"))]
fn slow_tracking(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "open", "floor"))]
#[bench::mainstay(warm(&AREA, "open", "mainstay"))]
#[bench::tower_resilience_circuitbreaker(warm(&AREA, "open", "tower-resilience-circuitbreaker"))]
#[bench::seatbelt(warm(&AREA, "open", "seatbelt"))]
#[bench::recloser(warm(&AREA, "open", "recloser"))]
#[bench::failsafe(warm(&AREA, "open", "failsafe"))]
fn open(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "time-100", "floor"))]
#[bench::mainstay(warm(&AREA, "time-100", "mainstay"))]
#[bench::tower_resilience_circuitbreaker(warm(&AREA, "time-100", "tower-resilience-circuitbreaker"))]
#[bench::seatbelt(warm(&AREA, "time-100", "seatbelt"))]
fn time_100(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "time-100k", "floor"))]
#[bench::mainstay(warm(&AREA, "time-100k", "mainstay"))]
#[bench::seatbelt(warm(&AREA, "time-100k", "seatbelt"))]
fn time_100k(operation: Operation) -> Operation {
    count_instructions(operation)
}

library_benchmark_group!(
    name = breaker,
    benchmarks = [closed, slow_tracking, open, time_100, time_100k]
);

main!(library_benchmark_groups = breaker);
