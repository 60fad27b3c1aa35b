//! How long the cases of the area `retry` take.

fn main() {
    mainstay_benches::time(&mainstay_benches::retry::AREA);
}
