//! How long the cases of the area `breaker` take.

fn main() {
    mainstay_benches::time(&mainstay_benches::breaker::AREA);
}
