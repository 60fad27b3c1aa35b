//! How many instructions the cases of the area `errors` take: one function a case, named after
//! it, and one line a contender.
#![allow(missing_docs, reason = "gungraun's macros make public items without documentation")]

use gungraun::prelude::*;
use mainstay_benches::errors::AREA;
use mainstay_benches::{Operation, count_instructions, warm};

#[library_benchmark]
#[bench::floor(warm(&AREA, "construct", "floor"))]
#[bench::mainstay(warm(&AREA, "construct", "mainstay"))]
#[bench::anyhow(warm(&AREA, "construct", "anyhow"))]
#[bench::error_stack(warm(&AREA, "construct", "error-stack"))]
fn construct(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "construct-typed", "floor"))]
#[bench::mainstay(warm(&AREA, "construct-typed", "mainstay"))]
fn construct_typed(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "problem", "floor"))]
#[bench::mainstay(warm(&AREA, "problem", "mainstay"))]
#[bench::problem_details(warm(&AREA, "problem", "problem_details"))]
#[bench::http_api_problem(warm(&AREA, "problem", "http-api-problem"))]
fn problem(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "grpc-headers", "floor"))]
#[bench::mainstay(warm(&AREA, "grpc-headers", "mainstay"))]
#[bench::tonic_types(warm(&AREA, "grpc-headers", "tonic-types"))]
fn grpc_headers(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "layer-ok", "floor"))]
#[bench::mainstay(warm(&AREA, "layer-ok", "mainstay"))]
fn layer_ok(operation: Operation) -> Operation {
    count_instructions(operation)
}

library_benchmark_group!(
    name = errors,
    benchmarks = [construct, construct_typed, problem, grpc_headers, layer_ok]
);

main!(library_benchmark_groups = errors);
