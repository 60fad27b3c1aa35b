//! What the cases of the area `client-stack` allocate.

use mainstay_benches::{Allocations, client_stack, count_allocations};

fn main() -> std::io::Result<()> {
    count_allocations(&client_stack::AREA, |operation| {
        let counted = allocation_counter::measure(operation);
        Allocations { count: counted.count_total, bytes: counted.bytes_total }
    })
}
