//! Scenario 30: a queue that delivers again what is not acknowledged in time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainstay_idempotency::{Done, Idempotent, NotRun, RunError};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::faulty::{Call, Fault, Faulty};
use super::run::{LEASE, asked, key};

/// After so long a message that was not acknowledged is delivered again.
const VISIBILITY: Duration = Duration::from_secs(8);

#[derive(Default)]
struct Queue {
    /// When it is delivered next, and how often it was.
    messages: Mutex<HashMap<&'static str, (Instant, u32)>>,
}

impl Queue {
    fn put(&self, message: &'static str) {
        self.messages.lock().unwrap().insert(message, (Instant::now(), 0));
    }

    fn give_back(&self, message: &'static str, after: Duration) {
        if let Some((next, _)) = self.messages.lock().unwrap().get_mut(message) {
            *next = Instant::now() + after;
        }
    }

    fn acknowledge(&self, message: &'static str) {
        self.messages.lock().unwrap().remove(message);
    }

    fn receive(&self) -> Option<(&'static str, u32)> {
        let now = Instant::now();
        let mut messages = self.messages.lock().unwrap();
        let (message, (next, count)) = messages.iter_mut().find(|(_, (next, _))| *next <= now)?;
        *next = now + VISIBILITY;
        *count += 1;
        Some((message, *count))
    }

    fn is_empty(&self) -> bool {
        self.messages.lock().unwrap().is_empty()
    }
}

#[derive(Clone, Default)]
struct World {
    queue: Arc<Queue>,
    effects: Arc<Mutex<Vec<&'static str>>>,
    put_aside: Arc<Mutex<Vec<&'static str>>>,
    replays: Arc<Mutex<Vec<&'static str>>>,
}

impl World {
    /// What a consumer does with a message, by the table in the documentation.
    async fn consume(&self, service: &Idempotent<Faulty>, message: &'static str, count: u32) {
        let effects = self.effects.clone();
        let effect = async move |_| {
            // For longer than the queue waits, and than the lease.
            sleep(LEASE + VISIBILITY).await;
            effects.lock().unwrap().push(message);
            if message == "poison" { Err("no") } else { Ok(message) }
        };
        match service.run(key(message), asked(), effect).await {
            Ok(Done::Replayed(_)) => {
                self.replays.lock().unwrap().push(message);
                self.queue.acknowledge(message);
            }
            // The first acknowledgement is lost.
            Ok(Done::Ran(_)) => {}
            Err(RunError::NotRun(NotRun::Running { left })) => self.queue.give_back(message, left),
            Err(RunError::Failed(_)) if count < 20 => self.queue.give_back(message, VISIBILITY),
            Err(RunError::Failed(_)) => {
                self.put_aside.lock().unwrap().push(message);
                self.queue.acknowledge(message);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_delivered_again_have_one_effect() {
    let store = Faulty::default();
    store.plan(Call::Complete, [Fault::ReplyLost]);
    let service = Idempotent::at_least_once(store).wait(Duration::ZERO);
    let world = World::default();
    for message in ["one", "two", "poison"] {
        world.queue.put(message);
    }

    let mut consumers = JoinSet::new();
    let limit = Instant::now() + 100 * LEASE;
    while !world.queue.is_empty() {
        while let Some((message, count)) = world.queue.receive() {
            let (world, service) = (world.clone(), service.clone());
            consumers.spawn(async move { world.consume(&service, message, count).await });
        }
        sleep(Duration::from_millis(500)).await;
        assert!(Instant::now() < limit, "messages are left");
    }
    sleep_until(limit).await;
    consumers.join_all().await;

    let effects = world.effects.lock().unwrap();
    let count = |of: &str| effects.iter().filter(|message| **message == of).count();
    assert_eq!((count("one"), count("two")), (1, 1));
    assert!(count("poison") > 1, "it is tried again each time");
    assert_eq!(*world.put_aside.lock().unwrap(), ["poison"]);
    assert_eq!(world.replays.lock().unwrap().len(), 2);
}
