//! How long the cases of the area `idempotency` take.

fn main() {
    mainstay_benches::time(&mainstay_benches::idempotency::AREA);
}
