//! What the cases of the area `errors` allocate.

use mainstay_benches::{Allocations, count_allocations, errors};

fn main() -> std::io::Result<()> {
    count_allocations(&errors::AREA, |operation| {
        let counted = allocation_counter::measure(operation);
        Allocations { count: counted.count_total, bytes: counted.bytes_total }
    })
}
