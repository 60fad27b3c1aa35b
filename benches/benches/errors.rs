//! How long the cases of the area `errors` take.

fn main() {
    mainstay_benches::time(&mainstay_benches::errors::AREA);
}
