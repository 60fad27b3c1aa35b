//! How long the cases of the area `timeout` take.

fn main() {
    mainstay_benches::time(&mainstay_benches::timeout::AREA);
}
