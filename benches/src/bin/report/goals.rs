//! Whether a case is as good as was promised.

use mainstay_benches::{Case, FLOOR, Goal, MAINSTAY, Measured};

use crate::tables::{Rows, figures};

/// What came of one goal; `met` is `None` where something was not measured.
pub(crate) struct Verdict {
    pub(crate) goal: String,
    pub(crate) measured: String,
    pub(crate) met: Option<bool>,
}

pub(crate) fn verdicts(case: &Case, rows: &Rows) -> Vec<Verdict> {
    case.goals.iter().flat_map(|goal| verdicts_on(goal, rows)).collect()
}

/// A ratio of time has to hold in instructions as well.
fn verdicts_on(goal: &Goal, rows: &Rows) -> Vec<Verdict> {
    let ours = |what: fn(&Measured) -> Option<f64>| named(rows, MAINSTAY).and_then(what);
    match *goal {
        Goal::Allocations(most) => {
            let count = named(rows, MAINSTAY).and_then(|it| it.allocations).map(|it| it.count);
            vec![Verdict {
                goal: format!("allocations: at most {most}"),
                measured: count.map_or_else(|| "–".to_owned(), |it| it.to_string()),
                met: count.map(|it| it <= most),
            }]
        }
        Goal::OfBestPeer(most) => {
            let verdict = |unit: &str, what: fn(&Measured) -> Option<f64>| {
                let ratio = ours(what).zip(best_peer(rows, what)).map(|(ours, best)| ours / best);
                let goal = format!("{unit}: at most {most:.2} of the best peer's");
                at_most(goal, ratio, most, |it| format!("{it:.2}"))
            };
            vec![verdict("time", |it| it.nanos), verdict("instructions", |it| it.instructions)]
        }
        Goal::NanosOverFloor(most) => {
            let floor = named(rows, FLOOR).and_then(|it| it.nanos);
            let over = ours(|it| it.nanos).zip(floor).map(|(ours, floor)| ours - floor);
            let goal = format!("time: at most {most} ns over the floor");
            vec![at_most(goal, over, most, |it| format!("{} ns", figures(it)))]
        }
    }
}

fn at_most(goal: String, value: Option<f64>, most: f64, show: fn(f64) -> String) -> Verdict {
    let measured = value.map_or_else(|| "–".to_owned(), show);
    Verdict { goal, measured, met: value.map(|value| value <= most) }
}

fn named<'a>(rows: &'a Rows, who: &str) -> Option<&'a Measured> {
    rows.iter().find(|(contender, _)| contender.who == who).map(|(_, measured)| measured)
}

/// The smallest value of any peer.
pub(crate) fn best_peer(rows: &Rows, what: fn(&Measured) -> Option<f64>) -> Option<f64> {
    let peers = rows.iter().filter(|(contender, _)| contender.is_peer());
    peers.filter_map(|(_, measured)| what(measured)).min_by(f64::total_cmp)
}
