//! Whether a case is as good as was promised.

use mainstay_benches::{Area, Case, FLOOR, Goal, Kinds, MAINSTAY, Measured};

use crate::tables::{self, Rows, figures};

/// What came of one goal; `met` is `None` where something was not measured.
pub(crate) struct Verdict {
    pub(crate) goal: String,
    pub(crate) measured: String,
    pub(crate) met: Option<bool>,
}

pub(crate) fn verdicts(area: &Area, case: &Case, rows: &Rows) -> Vec<Verdict> {
    case.goals.iter().flat_map(|goal| verdicts_on(goal, area, case, rows)).collect()
}

/// What is compared.
type What = fn(&Measured) -> Option<f64>;

const NANOS: What = |it| it.nanos;
const INSTRUCTIONS: What = |it| it.instructions;
const LONGEST: What = |it| it.served.map(|it| it.p99_nanos);

fn verdicts_on(goal: &Goal, area: &Area, case: &Case, rows: &Rows) -> Vec<Verdict> {
    match *goal {
        Goal::Allocations(most) => {
            let count = allocations(rows, MAINSTAY);
            vec![allocated(format!("allocations: at most {most}"), count, most)]
        }
        Goal::AllocationsOverFloor(most) => {
            let both = allocations(rows, MAINSTAY).zip(allocations(rows, FLOOR));
            let over = both.map(|(ours, floor)| ours.saturating_sub(floor));
            vec![allocated(format!("allocations: at most {most} over the floor"), over, most)]
        }
        Goal::OfBestPeer(most) => {
            let best = |what| best_peer(rows, what);
            ratios(case, rows, "the best peer's", most, best)
        }
        Goal::OfPeer(who, most) => {
            ratios(case, rows, &format!("{who}'s"), most, |what| of(rows, who, what))
        }
        Goal::OfFloor(most) => {
            vec![ratio(rows, ("time", NANOS), "the floor's", most, of(rows, FLOOR, NANOS))]
        }
        Goal::Nanos(most) => {
            let goal = format!("time: at most {most} ns");
            vec![at_most(goal, of(rows, MAINSTAY, NANOS), most, nanos)]
        }
        Goal::NanosOverFloor(most) => {
            let goal = format!("time: at most {most} ns over the floor");
            vec![at_most(goal, over_floor(rows), most, nanos)]
        }
        Goal::NanosOverCase(name, most) => {
            let over = over_floor(rows).zip(over_floor(&rows_of(area, name)));
            let goal = format!("time: over the floor at most {most} ns more than `{name}` is");
            vec![at_most(goal, over.map(|(here, there)| here - there), most, nanos)]
        }
        Goal::SlowsLikeFloor(name, most) => {
            let there = rows_of(area, name);
            let slower = |who| {
                let both = of(rows, who, NANOS).zip(of(&there, who, NANOS));
                both.map(|(here, there)| here / there)
            };
            let ratio = slower(MAINSTAY).zip(slower(FLOOR)).map(|(ours, floor)| ours / floor);
            let goal = format!("time: slower than `{name}` by at most {most} of what the floor is");
            vec![at_most(goal, ratio, most, |it| format!("{it:.3}"))]
        }
        Goal::RateOfFloor(least) => {
            vec![rate(rows, "the floor's", least, of(rows, FLOOR, NANOS))]
        }
        Goal::RateOfCase(name, least) => {
            let there = of(&rows_of(area, name), MAINSTAY, NANOS);
            vec![rate(rows, &format!("our own in `{name}`"), least, there)]
        }
        Goal::LongestOfFloor(most) => {
            let longest = ("99 of 100 waits", LONGEST);
            vec![ratio(rows, longest, "the floor's", most, of(rows, FLOOR, LONGEST))]
        }
        Goal::OfCase(name, most) => {
            let there = of(&rows_of(area, name), MAINSTAY, INSTRUCTIONS);
            let what = ("instructions", INSTRUCTIONS);
            vec![ratio(rows, what, &format!("our own in `{name}`"), most, there)]
        }
    }
}

fn allocations(rows: &Rows, who: &str) -> Option<u64> {
    named(rows, who).and_then(|it| it.allocations).map(|it| it.count)
}

fn allocated(goal: String, count: Option<u64>, most: u64) -> Verdict {
    let measured = count.map_or_else(|| "–".to_owned(), |it| it.to_string());
    Verdict { goal, measured, met: count.map(|it| it <= most) }
}

/// A ratio of time has to hold in instructions as well, where the case has them.
fn ratios(
    case: &Case,
    rows: &Rows,
    whose: &str,
    most: f64,
    theirs: impl Fn(What) -> Option<f64>,
) -> Vec<Verdict> {
    let kinds: &[(&str, What)] = match case.kinds {
        Kinds::All => &[("time", NANOS), ("instructions", INSTRUCTIONS)],
        Kinds::Time | Kinds::Served => &[("time", NANOS)],
    };
    kinds.iter().map(|kind| ratio(rows, *kind, whose, most, theirs(kind.1))).collect()
}

fn ratio(
    rows: &Rows,
    (unit, what): (&str, What),
    whose: &str,
    most: f64,
    theirs: Option<f64>,
) -> Verdict {
    let ratio = of(rows, MAINSTAY, what).zip(theirs).map(|(ours, theirs)| ours / theirs);
    at_most(format!("{unit}: at most {most} of {whose}"), ratio, most, |it| format!("{it:.3}"))
}

/// The rates are as the times the other way round.
fn rate(rows: &Rows, whose: &str, least: f64, theirs: Option<f64>) -> Verdict {
    let ratio = theirs.zip(of(rows, MAINSTAY, NANOS)).map(|(theirs, ours)| theirs / ours);
    Verdict {
        goal: format!("rate: at least {least} of {whose}"),
        measured: ratio.map_or_else(|| "–".to_owned(), |it| format!("{it:.3}")),
        met: ratio.map(|it| it >= least),
    }
}

fn at_most(goal: String, value: Option<f64>, most: f64, show: fn(f64) -> String) -> Verdict {
    let measured = value.map_or_else(|| "–".to_owned(), show);
    Verdict { goal, measured, met: value.map(|value| value <= most) }
}

fn nanos(value: f64) -> String {
    format!("{} ns", figures(value))
}

fn over_floor(rows: &Rows) -> Option<f64> {
    let both = of(rows, MAINSTAY, NANOS).zip(of(rows, FLOOR, NANOS));
    both.map(|(ours, floor)| ours - floor)
}

/// What was measured in another case of the area.
fn rows_of(area: &Area, case: &str) -> Rows {
    let case = area.cases.iter().find(|it| it.name == case);
    case.map(|case| tables::rows(area, case)).unwrap_or_default()
}

fn of(rows: &Rows, who: &str, what: What) -> Option<f64> {
    named(rows, who).and_then(what)
}

fn named<'a>(rows: &'a Rows, who: &str) -> Option<&'a Measured> {
    rows.iter().find(|(contender, _)| contender.who == who).map(|(_, measured)| measured)
}

/// The smallest value of any peer.
pub(crate) fn best_peer(rows: &Rows, what: What) -> Option<f64> {
    let peers = rows.iter().filter(|(contender, _)| contender.is_peer());
    peers.filter_map(|(_, measured)| what(measured)).min_by(f64::total_cmp)
}
