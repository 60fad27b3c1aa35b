use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use crate::{Area, Kinds, backtraces, results};

/// Rounds before counting starts: buffers have grown, and what is made once is made.
const WARM_UP: u64 = 100;
/// Rounds that are counted.
const ROUNDS: u64 = 100;

/// What some code allocated. A reallocation counts as one more.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Allocations {
    /// How often.
    pub count: u64,
    /// How many bytes in all.
    pub bytes: u64,
}

impl Allocations {
    fn per_round(self) -> Self {
        Self { count: self.count.div_ceil(ROUNDS), bytes: self.bytes.div_ceil(ROUNDS) }
    }
}

/// The bench of an area that counts allocations: prints them, and keeps them for the report.
///
/// `count` runs what it is given and says what that allocated. It is the caller's, because
/// counting replaces the allocator of the whole program.
///
/// # Errors
///
/// If the result cannot be written.
pub fn count_allocations(
    area: &Area,
    count: impl Fn(&mut dyn FnMut()) -> Allocations,
) -> io::Result<()> {
    backtraces::run_without();
    area.check_same_work();
    let mut counted = BTreeMap::new();
    for case in area.cases.iter().filter(|case| case.kinds == Kinds::All) {
        for contender in case.contenders {
            let mut operation = (contender.prepare)();
            operation.restore();
            operation.run(WARM_UP);
            operation.restore();
            let allocations = count(&mut || operation.run(ROUNDS)).per_round();
            let id = area.id(case, contender);
            print(&id, allocations);
            counted.insert(id, allocations);
        }
    }
    let file = results::allocations_file(area);
    fs::create_dir_all(results::folder())?;
    fs::write(file, serde_json::to_vec_pretty(&counted)?)
}

#[expect(clippy::print_stdout, reason = "this is what the bench is run for")]
fn print(id: &str, allocations: Allocations) {
    println!("{id:<54} {:>3} allocations {:>6} B", allocations.count, allocations.bytes);
}
