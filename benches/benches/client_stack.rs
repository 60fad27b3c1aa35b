//! How long the cases of the area `client-stack` take.

fn main() {
    mainstay_benches::time(&mainstay_benches::client_stack::AREA);
}
