//! The tables of an area, in Markdown.

use std::fmt::{self, Write};

use mainstay_benches::{Area, Case, Contender, FLOOR, Kinds, MAINSTAY, Measured};

use crate::goals::{self, Verdict};
use crate::surroundings;

/// Contenders with what was measured of them.
pub(crate) type Rows = Vec<(&'static Contender, Measured)>;

pub(crate) fn area(area: &Area) -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(out, "\n## {}\n", area.name)?;
    writeln!(out, "{}\n", surroundings::machine())?;
    writeln!(out, "{}", surroundings::versions(area))?;
    for case in area.cases {
        write_case(&mut out, area, case)?;
    }
    out.push('\n');
    Ok(out)
}

pub(crate) fn rows(area: &Area, case: &Case) -> Rows {
    let measured = |contender| (contender, Measured::read(area, case, contender));
    case.contenders.iter().map(measured).collect()
}

fn write_case(out: &mut String, area: &Area, case: &Case) -> fmt::Result {
    let rows = rows(area, case);
    writeln!(out, "\n### {}/{}\n", area.name, case.name)?;
    writeln!(out, "{}.\n", capitalised(case.what))?;
    match case.kinds {
        Kinds::All | Kinds::Time => write_rows(out, &rows)?,
        Kinds::Served => write_served(out, &rows)?,
    }
    let verdicts = goals::verdicts(area, case, &rows);
    if verdicts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| goal | measured | |\n|---|---:|---|")?;
    for Verdict { goal, measured, met } in verdicts {
        let met = met.map_or("not measured", |met| if met { "met" } else { "**missed**" });
        writeln!(out, "| {goal} | {measured} | {met} |")?;
    }
    Ok(())
}

fn write_rows(out: &mut String, rows: &Rows) -> fmt::Result {
    writeln!(
        out,
        "| | ns | of the best peer | instructions | of the best peer | allocations | bytes |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|")?;
    rows.iter().try_for_each(|(contender, measured)| write_row(out, contender, measured, rows))
}

/// What clients of a server got.
fn write_served(out: &mut String, rows: &Rows) -> fmt::Result {
    writeln!(out, "| | µs | of the floor | per second | 99 of 100 wait at most µs | flushes |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|")?;
    let floor = rows.iter().find(|(it, _)| it.who == FLOOR).and_then(|(_, it)| it.nanos);
    for (contender, measured) in rows {
        let served = measured.served;
        let cells = [
            served.map(|it| figures(it.nanos / 1e3)),
            ratio(measured.nanos, floor),
            served.map(|it| figures(1e9 / it.nanos)),
            served.map(|it| figures(it.p99_nanos / 1e3)),
            served.and_then(|it| it.flushes).map(|it| format!("{it:.2}")),
        ];
        write_cells(out, contender, &cells)?;
    }
    Ok(())
}

fn write_row(out: &mut String, who: &Contender, of: &Measured, rows: &Rows) -> fmt::Result {
    let nanos = of.nanos.map(figures);
    let nanos_ratio = ratio(of.nanos, goals::best_peer(rows, |it| it.nanos));
    let instructions = of.instructions.map(|it| format!("{it:.0}"));
    let instructions_ratio = ratio(of.instructions, goals::best_peer(rows, |it| it.instructions));
    let allocations = of.allocations.map(|it| it.count.to_string());
    let bytes = of.allocations.map(|it| it.bytes.to_string());
    let cells = [nanos, nanos_ratio, instructions, instructions_ratio, allocations, bytes];
    write_cells(out, who, &cells)
}

fn write_cells(out: &mut String, who: &Contender, cells: &[Option<String>]) -> fmt::Result {
    let name = if who.who == MAINSTAY { "**mainstay**" } else { who.who };
    write!(out, "| {name} |")?;
    for cell in cells {
        write!(out, " {} |", cell.as_deref().unwrap_or("–"))?;
    }
    out.push('\n');
    Ok(())
}

fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<String> {
    Some(format!("{:.2}", part? / whole?))
}

/// A number with three figures, as a time has no more that mean something.
pub(crate) fn figures(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|it| it.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}
