//! Writes what was measured last into `benches/RESULTS.md`: of the areas that are named, or of
//! all.

mod goals;
mod surroundings;
mod tables;

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use mainstay_benches::{AREAS, Area};

fn main() -> Result<(), Box<dyn Error>> {
    let named: Vec<String> = env::args().skip(1).collect();
    for name in &named {
        if AREAS.iter().all(|area| area.name != name) {
            return Err(format!("there is no area `{name}`").into());
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    let mut results = fs::read_to_string(&file)?;
    for area in AREAS {
        if named.is_empty() || named.iter().any(|name| name == area.name) {
            results = with_area(&results, area)?;
        }
    }
    Ok(fs::write(file, results)?)
}

/// The file with this area's part anew: what stands between its two markers, or else at the end.
fn with_area(results: &str, area: &Area) -> Result<String, Box<dyn Error>> {
    let start = format!("<!-- area {} -->\n", area.name);
    let end = format!("<!-- end of area {} -->\n", area.name);
    let (before, after) = match results.split_once(&start) {
        Some((before, rest)) => {
            let (_, after) = rest.split_once(&end).ok_or_else(|| format!("no {end}"))?;
            (before.to_owned(), after)
        }
        None => (format!("{}\n\n", results.trim_end()), ""),
    };
    Ok(format!("{before}{start}{}{end}{after}", tables::area(area)?))
}
