use std::time::Duration;

use criterion::Criterion;
use criterion::measurement::{Measurement, WallTime};

use crate::{Area, Kinds, Operation, backtraces, served};

/// Samples of a contender. Together they take [`MEASUREMENT`].
const SAMPLES: usize = 50;
const WARM_UP: Duration = Duration::from_millis(200);
const MEASUREMENT: Duration = Duration::from_millis(500);
/// Batches of a sample, each 50 µs.
const BATCHES: u64 = 200;

/// The bench of an area that measures time, with criterion.
///
/// Contenders of one case run right after each other. A sample is the median of many batches of
/// some 50 µs: most of them escape what else runs on the machine, while a plain sample of 10 ms
/// has the neighbours' time in it.
///
/// Cases with servers have a measure of their own, and come last.
///
/// # Panics
///
/// If what came of those cannot be written.
pub fn time(area: &Area) {
    backtraces::run_without();
    area.check_same_work();
    let mut criterion = Criterion::default()
        .sample_size(SAMPLES)
        .warm_up_time(WARM_UP)
        .measurement_time(MEASUREMENT)
        .configure_from_args();
    for case in area.cases.iter().filter(|case| case.kinds != Kinds::Served) {
        let mut group = criterion.benchmark_group(format!("{}/{}", area.name, case.name));
        group.sampling_mode(criterion::SamplingMode::Flat);
        for contender in case.contenders {
            let mut operation = (contender.prepare)();
            group.bench_function(contender.who, |bencher| {
                bencher.iter_custom(|rounds| sample(&mut operation, rounds));
            });
        }
    }
    criterion.final_summary();
    served::measure(area).expect("a place for results");
}

/// What so many rounds take, judged by the median of batches of them.
fn sample(operation: &mut Operation, rounds: u64) -> Duration {
    let batch = (rounds / BATCHES).max(1);
    let mut times: Vec<Duration> = (0..rounds.div_ceil(batch))
        .map(|_| {
            operation.restore();
            let start = WallTime.start();
            operation.run(batch);
            WallTime.end(start)
        })
        .collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let nanos = median.as_nanos() * u128::from(rounds) / u128::from(batch);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
