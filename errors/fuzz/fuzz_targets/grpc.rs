//! A gRPC status is whatever headers a peer sends: see `law::grpc` for the form of the input.

#![no_main]

#[path = "../../tests/corpus/law.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|input: &[u8]| law::grpc(input));
