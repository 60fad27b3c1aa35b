use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::time::Duration;

use criterion::measurement::{Measurement, WallTime};
use serde::{Deserialize, Serialize};

use crate::{Area, Kinds, Operation, results};

/// How often each contender has its turn.
const TURNS: u32 = 40;
/// Operations of a turn, by all clients together.
const OPERATIONS: u32 = 240;

/// What came of operations on a server, by one client or many.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Served {
    /// The time of a turn by its operations: with many clients less than one of them waits.
    pub nanos: f64,
    /// How long a client waits for one operation, but for one in a hundred.
    pub p99_nanos: f64,
    /// How often the server has flushed its log to disk for one operation, where it says so.
    pub flushes: Option<f64>,
}

/// Measures the cases of an area that have servers, and keeps that for the report: those whose id
/// has in it what the command line names.
///
/// All contenders of all cases take turns, and what counts is the median of a contender's turns: a
/// server is never alone on the machine, and slow minutes are slow for all of them.
pub(crate) fn measure(area: &Area) -> io::Result<()> {
    let named = env::args().skip(1).find(|it| !it.starts_with('-')).unwrap_or_default();
    let mut contenders = contenders(area, &named);
    if contenders.is_empty() {
        return Ok(());
    }
    for _ in 0..TURNS {
        contenders.iter_mut().for_each(Running::turn);
    }
    let file = results::served_file(area);
    let mut served = results::served(&file);
    for contender in contenders {
        let result = contender.result();
        print(&contender.id, result);
        served.insert(contender.id, result);
    }
    fs::create_dir_all(results::folder())?;
    fs::write(file, serde_json::to_vec_pretty(&served)?)
}

/// Results by the ids of contenders.
pub(crate) type ById = BTreeMap<String, Served>;

fn contenders(area: &Area, named: &str) -> Vec<Running> {
    let cases = area.cases.iter().filter(|case| case.kinds == Kinds::Served);
    let contenders = cases.flat_map(|case| case.contenders.iter().map(move |it| (case, it)));
    let contenders = contenders.map(|(case, it)| (area.id(case, it), it.prepare));
    let wanted = contenders.filter(|(id, _)| id.contains(named));
    wanted.map(|(id, prepare)| Running::warm(id, prepare())).collect()
}

/// A contender, and what was measured of it so far.
struct Running {
    id: String,
    operation: Operation,
    turns: Vec<Duration>,
    waits: Vec<Duration>,
    flushes: Option<u64>,
}

impl Running {
    fn warm(id: String, mut operation: Operation) -> Self {
        operation.run(u64::from(OPERATIONS));
        operation.take_waits();
        let flushes = operation.flushes().map(|_| 0);
        Self { id, operation, turns: Vec::new(), waits: Vec::new(), flushes }
    }

    fn turn(&mut self) {
        let before = self.operation.flushes();
        let start = WallTime.start();
        self.operation.run(u64::from(OPERATIONS));
        self.turns.push(WallTime.end(start));
        let after = self.operation.flushes();
        let here = after.zip(before).map(|(after, before)| after.saturating_sub(before));
        self.flushes = self.flushes.zip(here).map(|(all, here)| all + here);
        self.waits.append(&mut self.operation.take_waits());
    }

    fn result(&self) -> Served {
        let operations = f64::from(OPERATIONS);
        let flushes = self.flushes.and_then(|it| u32::try_from(it).ok()).map(f64::from);
        Served {
            nanos: quantile(&self.turns, 50) / operations,
            p99_nanos: quantile(&self.waits, 99),
            flushes: flushes.map(|it| it / operations / f64::from(TURNS)),
        }
    }
}

/// What so many in a hundred do not exceed, in nanoseconds.
fn quantile(times: &[Duration], percent: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let time = times.get(times.len().saturating_sub(1) * percent / 100);
    time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e9)
}

#[expect(clippy::print_stdout, reason = "this is what the bench is run for")]
fn print(id: &str, served: Served) {
    let Served { nanos, p99_nanos, .. } = served;
    let flushes = served.flushes.map_or(String::new(), |it| format!(" {it:>6.2} flushes"));
    let (micros, p99) = (nanos / 1e3, p99_nanos / 1e3);
    println!("{id:<54} {micros:>9.1} µs {p99:>9.1} µs p99{flushes}");
}
