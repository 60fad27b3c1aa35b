//! Who is in which trap: all scenarios are played for this table.

use std::fmt::{self, Write};
use std::panic;

use mainstay_benches::MAINSTAY;
use mainstay_benches::traps::{TRAPS, Trap, Trouble, Verdict};

use crate::surroundings;

/// The name of this part of the results.
pub(crate) const NAME: &str = "traps";

pub(crate) fn table() -> Result<String, fmt::Error> {
    // A library that panics is in the table, and need not be on the terminal.
    panic::set_hook(Box::new(|_| {}));
    let table = written();
    drop(panic::take_hook());
    table
}

fn written() -> Result<String, fmt::Error> {
    let mut out = String::new();
    let libraries: Vec<&str> =
        TRAPS.first().map_or(&[][..], |trap| trap.cells).iter().map(|cell| cell.who).collect();
    let peers: Vec<&str> = libraries.iter().copied().filter(|who| *who != MAINSTAY).collect();
    writeln!(out, "\n## Traps: who passes which\n")?;
    writeln!(
        out,
        "What others have fallen into, played on each library with its own types, as \
         `benches/src/traps` has it. A dash is where a library has no such policy, or none that \
         can be asked.\n"
    )?;
    writeln!(out, "{}\n", surroundings::versions_of(&peers))?;
    write!(out, "| | trap | asked |")?;
    for who in &libraries {
        write!(out, " {} |", if *who == MAINSTAY { "**mainstay**" } else { who })?;
    }
    writeln!(out, "\n|---:|---|---|{}", "---|".repeat(libraries.len()))?;
    for trap in TRAPS {
        write_row(&mut out, trap)?;
    }
    out.push('\n');
    Ok(out)
}

fn write_row(out: &mut String, trap: &Trap) -> fmt::Result {
    write!(out, "| {} | {} | {} |", trap.number, trap.name, trap.asks)?;
    for cell in trap.cells {
        write!(out, " {} |", shown(&cell.run()))?;
    }
    out.push('\n');
    Ok(())
}

fn shown(verdict: &Verdict) -> String {
    match verdict {
        Ok(()) => "passes".to_owned(),
        Err(Trouble::Fails(seen)) => format!("**fails**: {seen}"),
        Err(Trouble::NotApplicable(why)) => format!("– {why}"),
    }
}
