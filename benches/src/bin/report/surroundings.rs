//! On what the numbers were measured, and with which versions.

use std::collections::BTreeSet;
use std::env::consts::{ARCH, OS};
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::thread;

use mainstay_benches::Area;

/// The libraries and tools that take part in every area.
const EVERYWHERE: [&str; 3] = ["criterion", "gungraun", "allocation-counter"];

pub(crate) fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let cpu = cpu().unwrap_or_else(|| ARCH.to_owned());
    let rustc = said("rustc", &["--version"]);
    let valgrind = said("valgrind", &["--version"]);
    format!(
        "{cores} cores of {cpu}, {OS}; {rustc}, thin LTO, one codegen unit, the system's \
         allocator; {valgrind}."
    )
}

/// The versions of the peers and of what measures, as `Cargo.lock` has them.
pub(crate) fn versions(area: &Area) -> String {
    let peers = area.cases.iter().flat_map(|case| case.contenders).filter(|it| it.is_peer());
    let names: Vec<&str> = peers.map(|peer| peer.who).chain(EVERYWHERE).collect();
    versions_of(&names)
}

/// The versions of these packages or families, as `Cargo.lock` has them.
pub(crate) fn versions_of(names: &[&str]) -> String {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap_or_default();
    let versions: BTreeSet<String> = names.iter().flat_map(|name| packages(&lock, name)).collect();
    let versions: Vec<String> = versions.into_iter().collect();
    format!("{}.", versions.join(", "))
}

/// A package with its version, or where there is none of the name, those of the family.
fn packages(lock: &str, name: &str) -> Vec<String> {
    let exact = packages_if(lock, |it| it == name);
    if exact.is_empty() {
        packages_if(lock, |it| it.starts_with(&format!("{name}-")))
    } else {
        exact
    }
}

fn packages_if(lock: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let entries = lock.split("[[package]]\nname = \"").skip(1);
    let entries = entries.filter_map(|entry| entry.split_once("\"\nversion = \""));
    entries
        .filter(|(name, _)| wanted(name))
        .map(|(name, rest)| format!("{name} {}", rest.split('"').next().unwrap_or_default()))
        .collect()
}

/// The name of the processor, where the system has it in the usual file.
fn cpu() -> Option<String> {
    let file = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = file.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(": ")?.1.to_owned())
}

/// What a program prints, on one line.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    text.unwrap_or_else(|_| format!("no {program}"))
}
