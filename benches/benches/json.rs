//! How long the cases of the area `json` take.

fn main() {
    mainstay_benches::time(&mainstay_benches::json::AREA);
}
