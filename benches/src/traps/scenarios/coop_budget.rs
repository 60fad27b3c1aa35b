use super::ensure;
use crate::traps::Verdict;
use crate::traps::library::Library;
use crate::traps::rig::{Flight, Seen, runtime, start};
use crate::traps::server::{Ask, Server};

const CALLS: usize = 2000;

pub(in crate::traps) fn run<L: Library>() -> Verdict {
    let server = Server::default();
    let entered = runtime().enter();
    let service = L::shedding_limit(100_000, &server)?;
    drop(entered);
    // What tokio lets one task do at a time counts only inside of a task.
    let shed = runtime().block_on(async {
        let mut flights: Vec<Flight> = (0..CALLS).map(|_| start(&service, Ask::Hang)).collect();
        // Each round gets some further; those that are not through after so many never will be.
        for _ in 0..100 {
            if server.calls() + shed(&flights) == CALLS {
                break;
            }
            tokio::task::yield_now().await;
            for flight in &mut flights {
                flight.poll();
            }
        }
        shed(&flights)
    });
    ensure(shed == 0, || format!("sheds {shed} of {CALLS}"))?;
    ensure(server.calls() == CALLS, || format!("{} get through", server.calls()))
}

fn shed(flights: &[Flight]) -> usize {
    flights.iter().filter(|flight| flight.seen == Seen::Rejected).count()
}
