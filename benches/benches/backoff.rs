//! How long the cases of the area `backoff` take.

fn main() {
    mainstay_benches::time(&mainstay_benches::backoff::AREA);
}
