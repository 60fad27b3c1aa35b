//! How many instructions the cases of the area `json` take: one function a case, named after
//! it, and one line a contender.
#![allow(missing_docs, reason = "gungraun's macros make public items without documentation")]

use gungraun::prelude::*;
use mainstay_benches::json::AREA;
use mainstay_benches::{Operation, count_instructions, warm};

#[library_benchmark]
#[bench::floor(warm(&AREA, "encode-200b", "floor"))]
#[bench::mainstay(warm(&AREA, "encode-200b", "mainstay"))]
#[bench::mainstay_body(warm(&AREA, "encode-200b", "mainstay-body"))]
#[bench::serde_json(warm(&AREA, "encode-200b", "serde_json"))]
#[bench::sonic_rs(warm(&AREA, "encode-200b", "sonic-rs"))]
#[bench::simd_json(warm(&AREA, "encode-200b", "simd-json"))]
fn encode_200b(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "encode-4k", "floor"))]
#[bench::mainstay(warm(&AREA, "encode-4k", "mainstay"))]
#[bench::mainstay_body(warm(&AREA, "encode-4k", "mainstay-body"))]
#[bench::serde_json(warm(&AREA, "encode-4k", "serde_json"))]
#[bench::sonic_rs(warm(&AREA, "encode-4k", "sonic-rs"))]
#[bench::simd_json(warm(&AREA, "encode-4k", "simd-json"))]
fn encode_4k(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "encode-256k", "floor"))]
#[bench::mainstay(warm(&AREA, "encode-256k", "mainstay"))]
#[bench::mainstay_body(warm(&AREA, "encode-256k", "mainstay-body"))]
#[bench::serde_json(warm(&AREA, "encode-256k", "serde_json"))]
#[bench::sonic_rs(warm(&AREA, "encode-256k", "sonic-rs"))]
#[bench::simd_json(warm(&AREA, "encode-256k", "simd-json"))]
fn encode_256k(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::mainstay(warm(&AREA, "respond-200b", "mainstay"))]
#[bench::axum(warm(&AREA, "respond-200b", "axum"))]
fn respond_200b(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::mainstay(warm(&AREA, "respond-4k", "mainstay"))]
#[bench::axum(warm(&AREA, "respond-4k", "axum"))]
fn respond_4k(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::mainstay(warm(&AREA, "respond-256k", "mainstay"))]
#[bench::axum(warm(&AREA, "respond-256k", "axum"))]
fn respond_256k(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "decode-4k", "floor"))]
#[bench::mainstay(warm(&AREA, "decode-4k", "mainstay"))]
#[bench::mainstay_limits(warm(&AREA, "decode-4k", "mainstay-limits"))]
#[bench::serde_json(warm(&AREA, "decode-4k", "serde_json"))]
#[bench::axum(warm(&AREA, "decode-4k", "axum"))]
#[bench::sonic_rs(warm(&AREA, "decode-4k", "sonic-rs"))]
#[bench::simd_json(warm(&AREA, "decode-4k", "simd-json"))]
fn decode_4k(operation: Operation) -> Operation {
    count_instructions(operation)
}

#[library_benchmark]
#[bench::floor(warm(&AREA, "decode-4k-maps", "floor"))]
#[bench::mainstay(warm(&AREA, "decode-4k-maps", "mainstay"))]
#[bench::mainstay_limits(warm(&AREA, "decode-4k-maps", "mainstay-limits"))]
#[bench::serde_json(warm(&AREA, "decode-4k-maps", "serde_json"))]
#[bench::axum(warm(&AREA, "decode-4k-maps", "axum"))]
#[bench::sonic_rs(warm(&AREA, "decode-4k-maps", "sonic-rs"))]
#[bench::simd_json(warm(&AREA, "decode-4k-maps", "simd-json"))]
fn decode_4k_maps(operation: Operation) -> Operation {
    count_instructions(operation)
}

library_benchmark_group!(
    name = json,
    benchmarks = [
        encode_200b,
        encode_4k,
        encode_256k,
        respond_200b,
        respond_4k,
        respond_256k,
        decode_4k,
        decode_4k_maps
    ]
);

main!(library_benchmark_groups = json);
