#![cfg(all(test, feature = "axum", feature = "tonic"))]

//! What `#[derive(Fault)]` says of each mistake, and what it accepts.

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
fn accepted() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}
