//! What answers allocate: nothing, once a thread has made a few.

#![cfg(test)]

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use allocation_counter::measure;
use http_body_util::BodyExt;
use mainstay_json::{Buffer, Fragments, to_body, to_bytes, to_sensitive_body};
use serde::Serialize;

#[derive(Clone, Serialize)]
struct Order {
    id: u64,
    note: String,
    lines: Vec<Line>,
}

#[derive(Clone, Serialize)]
struct Line {
    sku: &'static str,
    quantity: u32,
    price: f64,
}

/// An order of about so many bytes.
fn order(bytes: usize) -> Order {
    let line = Line { sku: "TEA-\"GREEN\"-100", quantity: 3, price: 4.75 };
    Order { id: 7, note: "leave at the door\n".to_owned(), lines: vec![line; bytes / 60] }
}

/// From less than one line to more than a slab of small answers.
const SIZES: [usize; 4] = [50, 200, 4 << 10, 100 << 10];
const ROUNDS: usize = 150;

/// One test at a time: they share what the pool keeps for all threads.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn allocations(mut round: impl FnMut()) -> u64 {
    (0..ROUNDS).for_each(|_| round());
    measure(|| (0..ROUNDS).for_each(|_| round())).count_total
}

#[test]
fn answers_of_one_size_allocate_nothing() {
    let _alone = alone();
    for order in SIZES.map(order) {
        assert_eq!(allocations(|| drop(to_bytes(&order).unwrap())), 0);
        assert_eq!(allocations(|| drop(to_body(&order).unwrap())), 0);
        let write = || Fragments::new().raw(r#"{"order":"#).value(&order).raw("}");
        assert_eq!(allocations(|| drop(write().into_bytes().unwrap())), 0);
        assert_eq!(allocations(|| drop(write().into_body().unwrap())), 0);
    }
}

#[test]
fn sensitive_answers_allocate_nothing() {
    let _alone = alone();
    for order in [50, 200, 4 << 10].map(order) {
        assert_eq!(allocations(|| drop(to_sensitive_body(&order).unwrap())), 0);
    }
}

#[test]
fn answers_of_mixed_sizes_allocate_nothing() {
    let _alone = alone();
    let orders = SIZES.map(order);
    let mut turn = 0;
    let mut next = || {
        turn += 1;
        &orders[turn % orders.len()]
    };
    assert_eq!(allocations(|| drop(to_bytes(next()).unwrap())), 0);
    assert_eq!(allocations(|| drop(to_body(next()).unwrap())), 0);
}

/// Small ones after large ones, in runs that are no multiple of anything, with one kept alive.
#[test]
fn answers_of_mixed_sizes_in_runs_allocate_nothing() {
    let _alone = alone();
    let orders = SIZES.map(order);
    let mut kept = None;
    let mut turn = 0;
    let mut round = || {
        turn += 1;
        let order = &orders[(turn * turn / 7) % orders.len()];
        kept = Some(to_bytes(order).unwrap());
        drop(to_body(order).unwrap());
        let mut buffer = Buffer::with_capacity(turn % 9 * 1000);
        buffer.extend_from_slice(b"{}");
        drop(buffer.into_bytes());
    };
    assert_eq!(allocations(&mut round), 0);
    drop(kept);
}

/// A value that makes an answer while it is written: its buffer is the thread's next one, but that
/// of the answer within is not.
#[test]
fn an_answer_within_an_answer_takes_memory_of_its_own() {
    struct Outer;

    impl Serialize for Outer {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let inner = to_bytes("inner").unwrap();
            serializer.collect_seq(inner.iter())
        }
    }

    let _alone = alone();
    let within = allocations(|| drop(to_bytes(&Outer).unwrap()));
    assert!(within <= 2 * ROUNDS as u64, "{within}");
}

#[test]
fn answers_that_live_for_a_while_allocate_nothing() {
    let _alone = alone();
    for order in SIZES.map(order) {
        let mut alive = Vec::with_capacity(3);
        let mut round = || {
            alive.push(to_bytes(&order).unwrap());
            if alive.len() == alive.capacity() {
                alive.clear();
            }
        };
        assert_eq!(allocations(&mut round), 0);
    }
}

#[test]
fn a_body_that_is_read_allocates_nothing() {
    let _alone = alone();
    let order = order(200);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let round = || {
        let mut body = to_body(&order).unwrap();
        let frame = std::pin::pin!(body.frame()).as_mut().poll(&mut context);
        assert!(frame.is_ready());
    };
    assert_eq!(allocations(round), 0);
}

#[test]
fn a_buffer_that_is_taken_again_allocates_nothing() {
    let _alone = alone();
    for size in SIZES {
        let round = || {
            let mut buffer = Buffer::with_capacity(size);
            buffer.extend_from_slice(b"{}");
            assert_eq!(buffer.into_bytes(), "{}");
        };
        assert_eq!(allocations(round), 0);
    }
}

/// Where one thread leaves an answer to another. A channel would not do: it allocates when a thread
/// first waits, which may be late.
struct Place<A> {
    answer: Mutex<Option<A>>,
    changed: Condvar,
}

impl<A> Place<A> {
    fn new() -> Self {
        Self { answer: Mutex::new(None), changed: Condvar::new() }
    }

    /// Returns when it is dropped.
    fn hand_over(&self, answer: A) {
        let mut place = self.answer.lock().unwrap();
        *place = Some(answer);
        self.changed.notify_one();
        drop(self.changed.wait_while(place, |it| it.is_some()).unwrap());
    }

    fn drop_one(&self) {
        let place = self.answer.lock().unwrap();
        let mut place = self.changed.wait_while(place, |it| it.is_none()).unwrap();
        *place = None;
        self.changed.notify_one();
    }
}

/// Makes each answer here and drops it on another thread, one at a time. Returns what the two
/// threads allocated.
fn between_threads<A: Send + 'static>(make: impl Fn() -> A) -> (u64, u64) {
    let place = Arc::new(Place::new());
    let dropper = thread::spawn({
        let place = Arc::clone(&place);
        move || allocations(|| place.drop_one())
    });
    let maker = allocations(|| place.hand_over(make()));
    (maker, dropper.join().unwrap())
}

#[test]
fn answers_that_another_thread_drops_allocate_nothing() {
    let _alone = alone();
    for order in SIZES.map(order) {
        let bytes = order.clone();
        assert_eq!(between_threads(move || to_bytes(&bytes).unwrap()), (0, 0));
        assert_eq!(between_threads(move || to_body(&order).unwrap()), (0, 0));
    }
}
