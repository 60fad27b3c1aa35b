//! Where the three kinds of bench leave what they measured, for the report.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::instructions::ROUNDS;
use crate::served::ById;
use crate::{Allocations, Area, Case, Contender, Served};

/// What is known of one contender; `None` where a kind of bench has not run.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The median time of one operation.
    pub nanos: Option<f64>,
    /// The instructions of one operation.
    pub instructions: Option<f64>,
    /// The allocations of one operation.
    pub allocations: Option<Allocations>,
    /// What its clients got, where there is a server.
    pub served: Option<Served>,
}

impl Measured {
    /// Reads what the last runs left.
    pub fn read(area: &Area, case: &Case, contender: &Contender) -> Self {
        let served = served(&served_file(area)).get(&area.id(case, contender)).copied();
        Self {
            nanos: served.map(|it| it.nanos).or_else(|| nanos(area, case, contender)),
            instructions: instructions(area, case, contender),
            allocations: allocations(area, case, contender),
            served,
        }
    }
}

/// Where results lie that no library keeps for us.
pub(crate) fn folder() -> PathBuf {
    target().join("mainstay-benches")
}

pub(crate) fn allocations_file(area: &Area) -> PathBuf {
    folder().join(format!("{}.allocations.json", area.name))
}

pub(crate) fn served_file(area: &Area) -> PathBuf {
    folder().join(format!("{}.served.json", area.name))
}

/// What is in such a file; nothing where there is none.
pub(crate) fn served(file: &Path) -> ById {
    let read = fs::read(file).ok();
    read.and_then(|read| serde_json::from_slice(&read).ok()).unwrap_or_default()
}

/// Cargo's target folder.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from)
}

/// Criterion keeps its estimates under the id, in which it replaces slashes.
fn nanos(area: &Area, case: &Case, contender: &Contender) -> Option<f64> {
    let group = format!("{}_{}", area.name, case.name);
    let file =
        target().join("criterion").join(group).join(contender.who).join("new/estimates.json");
    let estimates: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    estimates.pointer("/median/point_estimate")?.as_f64()
}

fn allocations(area: &Area, case: &Case, contender: &Contender) -> Option<Allocations> {
    let file = fs::read(allocations_file(area)).ok()?;
    let counted: BTreeMap<String, Allocations> = serde_json::from_slice(&file).ok()?;
    counted.get(&area.id(case, contender)).copied()
}

/// gungraun keeps callgrind's profile under the names of the functions, in which there are no
/// dashes. Its last lines have the sum of all instructions.
fn instructions(area: &Area, case: &Case, contender: &Contender) -> Option<f64> {
    let name = |text: &str| text.replace('-', "_");
    let id = format!("{}.{}", name(case.name), name(contender.who));
    let file = target()
        .join("gungraun/mainstay-benches")
        .join(format!("{}_instructions", name(area.name)))
        .join(name(area.name))
        .join(&id)
        .join(format!("callgrind.{id}.out"));
    let profile = fs::read_to_string(file).ok()?;
    let total = profile.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
    let total: f64 = total.split_whitespace().next()?.parse().ok()?;
    Some(total / f64::from(ROUNDS))
}
