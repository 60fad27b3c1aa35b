//! Writes what was measured last into `benches/RESULTS.md`: of the areas that are named, or of
//! all. The table of traps counts as an area, whose cases are played here and now.

mod goals;
mod surroundings;
mod tables;
mod traps;

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use mainstay_benches::AREAS;

fn main() -> Result<(), Box<dyn Error>> {
    let named: Vec<String> = env::args().skip(1).collect();
    for name in &named {
        if name != traps::NAME && AREAS.iter().all(|area| area.name != name) {
            return Err(format!("there is no area `{name}`").into());
        }
    }
    let wanted = |name: &str| named.is_empty() || named.iter().any(|it| it == name);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    let mut results = fs::read_to_string(&file)?;
    for area in AREAS.iter().filter(|area| wanted(area.name)) {
        results = with_part(&results, area.name, &tables::area(area)?)?;
    }
    if wanted(traps::NAME) {
        results = with_part(&results, traps::NAME, &traps::table()?)?;
    }
    Ok(fs::write(file, results)?)
}

/// The file with this part anew: what stands between its two markers, or else at the end.
fn with_part(results: &str, name: &str, part: &str) -> Result<String, Box<dyn Error>> {
    let start = format!("<!-- area {name} -->\n");
    let end = format!("<!-- end of area {name} -->\n");
    let (before, after) = match results.split_once(&start) {
        Some((before, rest)) => {
            let (_, after) = rest.split_once(&end).ok_or_else(|| format!("no {end}"))?;
            (before.to_owned(), after)
        }
        None => (format!("{}\n\n", results.trim_end()), ""),
    };
    Ok(format!("{before}{start}{part}{end}{after}"))
}
