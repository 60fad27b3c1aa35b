//! What holds of any number of tries, with a network and processes that fail at random.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainstay_idempotency::{Done, Fence, Grant, Guarantee, Idempotent, RunError};
use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::faulty::{Call, Fault, Faulty, dies_after};
use super::run::{LEASE, asked, key};

/// One try of a process: it comes after a while, and its effect takes its time. Some die.
#[derive(Clone, Debug)]
struct Try {
    after: u64,
    takes: u64,
    dies_after: Option<u64>,
}

#[derive(Clone, Debug)]
struct History {
    processes: Vec<Vec<Try>>,
    faults: Vec<(Call, Vec<Fault>)>,
}

fn history() -> impl Strategy<Value = History> {
    let one = (0..40_u64, 0..80_u64, prop::option::weighted(0.4, 0..90_u64))
        .prop_map(|(after, takes, dies_after)| Try { after, takes, dies_after });
    let fault = prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::Refused),
        2 => Just(Fault::ReplyLost),
        1 => Just(Fault::Hangs),
        2 => Just(Fault::ReplyHangs),
        1 => (0..900_u64).prop_map(|time| Fault::Slow(Duration::from_millis(time))),
    ];
    let call = prop::sample::select(vec![Call::Claim, Call::Complete, Call::Renew]);
    (
        prop::collection::vec(prop::collection::vec(one, 1..5), 1..5),
        prop::collection::vec((call, prop::collection::vec(fault, 0..20)), 0..4),
    )
        .prop_map(|(processes, faults)| History { processes, faults })
}

/// What the effect acts on: it knows who began, and who has not ended.
#[derive(Clone, Default)]
struct Resource(Arc<Mutex<Vec<(Grant, bool)>>>);

/// Ends when it is dropped, too.
struct Running(Resource, usize);

impl Resource {
    /// The law of the lease: who begins is alone, or the others have been told.
    fn begin(&self, grant: Grant) -> Running {
        let mut begun = self.0.lock().unwrap();
        for (before, runs) in &*begun {
            assert!(before.fence() < grant.fence(), "{before:?} before {grant:?}");
            assert!(
                !runs || before.lost().is_cancelled(),
                "{before:?} runs, and so does {grant:?}"
            );
        }
        begun.push((grant, true));
        Running(self.clone(), begun.len() - 1)
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.lock().unwrap()[self.1].1 = false;
    }
}

async fn effect(resource: Resource, grant: Grant, takes: u64) -> Result<String, &'static str> {
    let fence: Fence = grant.fence();
    let running = resource.begin(grant);
    sleep(Duration::from_secs(takes)).await;
    drop(running);
    Ok(fence.to_string())
}

async fn process<G: Guarantee>(
    service: Idempotent<Faulty, G>,
    resource: Resource,
    tries: Vec<Try>,
) -> Vec<Done> {
    let mut done = Vec::new();
    for one in tries {
        sleep(Duration::from_secs(one.after)).await;
        let effect = |grant| effect(resource.clone(), grant, one.takes);
        let run = service.run(key("k"), asked(), effect);
        let dies = one.dies_after.map_or(Duration::MAX, Duration::from_secs);
        match dies_after(dies, run).await {
            Some(Ok(record)) => done.push(record),
            Some(Err(RunError::Failed(error))) => panic!("{error}"),
            Some(Err(_)) | None => {}
        }
    }
    done
}

/// Runs it all, and gives back what was answered, and the last answer when all is quiet.
async fn play<G: Guarantee>(
    make: impl FnOnce(Faulty) -> Idempotent<Faulty, G>,
    history: History,
) -> (Resource, Vec<Done>) {
    let store = Faulty::default();
    for (call, faults) in history.faults {
        store.plan(call, faults);
    }
    let (service, resource) = (make(store.clone()), Resource::default());
    let mut processes = JoinSet::new();
    for tries in history.processes {
        processes.spawn(process(service.clone(), resource.clone(), tries));
    }
    let mut done = processes.join_all().await.concat();
    store.heal();
    sleep(LEASE).await;
    let last = Try { after: 0, takes: 0, dies_after: None };
    done.extend(process(service, resource.clone(), vec![last]).await);

    let ran = done.iter().filter(|done| !done.is_replayed()).count();
    assert!(ran <= 1, "{done:?}");
    assert!(done.iter().all(|one| one.record() == done[0].record()), "{done:?}");
    (resource, done)
}

fn paused<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// There is one record, which all are given, and in the end there is one.
    #[test]
    fn at_least_once(history in history()) {
        let (resource, done) = paused(play(Idempotent::at_least_once, history));
        prop_assert!(!done.is_empty() && resource.count() >= 1);
    }

    /// No effect begins twice, whatever happens.
    #[test]
    fn at_most_once(history in history()) {
        let (resource, done) = paused(play(Idempotent::at_most_once, history));
        prop_assert!(resource.count() <= 1);
        prop_assert!(done.is_empty() || resource.count() == 1);
    }
}
